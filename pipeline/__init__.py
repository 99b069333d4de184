"""The command line, configuration, artefacts and report: no physics and no layers."""
