"""From jet images to a trained, quantized model (TensorFlow, QKeras)."""
