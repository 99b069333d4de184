"""Networks on images of whole events: what they are trained for, what their maps mean, and how both are measured."""
