"""From a trained model to verified hardware: lowering, proven types, HLS, comparison, export."""
