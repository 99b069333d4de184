"""The tasks that a network can be trained for, one a file; `model.yaml` names one."""
