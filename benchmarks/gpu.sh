#!/usr/bin/env bash
# Everything there is to measure on a machine with a CUDA GPU, in one call:
#
#     bash benchmarks/gpu.sh DATA
#
# DATA is the folder that benchmarks/README.md describes. Without an active virtual environment it makes one.
# Results go to benchmarks/results. BRIEF=1 keeps to what fits into ten minutes of a borrowed GPU: the tests of the
# GPU, the steps, one race. DEVICE=cpu rehearses it all on a small part, into a temporary folder.
set -euo pipefail
data=$(cd "${1:?usage: bash benchmarks/gpu.sh DATA}" && pwd)
device=${DEVICE:-cuda}
threads=${THREADS:-1}
cd "$(dirname "$0")/.."
# Where Python may not keep what it compiles, every command compiles a thousand modules of torch: 2.5 s.
unset PYTHONDONTWRITEBYTECODE

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

if [[ -z ${VIRTUAL_ENV:-} ]]; then
    step "A virtual environment"
    python3 -m venv .venv-gpu
    # shellcheck disable=SC1091
    source .venv-gpu/bin/activate
    # On Linux, the torch of PyPI is the one with CUDA.
    pip install --quiet -c constraints.txt -e ".[test,benchmark]"
fi

stamp=$(date -u +%Y%m%d-%H%M)-$device
fields=$(mktemp -d)
trap 'rm -rf "$fields"' EXIT
if [[ $device == cpu ]]; then
    results=$fields/results
    export GPU_TESTS_ON=cpu
    tests=(tests/test_on_a_gpu.py) widths=(--width 64 --rounds 1) batches=(1024)
    race=(--case spot --limit 5 --first-steps 50) quality=draft
else
    results=benchmarks/results
    tests=(tests) widths=() batches=(1024 65536)
    race=() quality=high
    if [[ ${BRIEF:-} == 1 ]]; then
        tests=(tests/test_on_a_gpu.py tests/fields) race=(--case spot --limit 60)
    fi
    python -c 'import torch; print(torch.__version__, torch.cuda.get_device_name())'
fi
mkdir -p "$results"

step "The tests"
python -m pytest -q "${tests[@]}"

for points in "${batches[@]}"; do
    step "The training step, $points points"
    python benchmarks/step.py --device "$device" --threads "$threads" --points "$points" "${widths[@]}" \
        --output "$results/step-$stamp-$points.json"
done

step "Extraction"
python -m sdf_siren data/scans/skull_points_100k.ply -o "$fields/skull.ply" --quality "$quality" \
    --device "$device" --threads "$threads" --quiet
python benchmarks/extraction.py "$fields/skull.ply.run/field.safetensors" --device "$device" \
    --threads "$threads" --output "$results/extraction-$stamp.json"

step "Time to quality"
python benchmarks/time_to_quality.py --data "$data" --device "$device" --threads "$threads" "${race[@]}" \
    --output "$results/time-to-quality-$stamp.json"

step "Done; the results are in $results"
