"""The commands asr-transcribe and asr-client: argparse in, exit codes out."""
