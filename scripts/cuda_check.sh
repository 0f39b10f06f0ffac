#!/bin/sh
# Runs all that tsl can show on a GPU, and writes docs/measurements/cuda-<gpu>-<torch>.md; cuda_check.py says what.
# Needs a CUDA device, torch 2.4 or later, networkx and rich, and nothing else. PYTHON names the interpreter.
exec "${PYTHON:-python3}" "$(dirname "$0")/cuda_check.py" "$@"
