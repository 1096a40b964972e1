#!/usr/bin/env bash
# Holds the cache to Python's own huggingface_hub, both ways. The argument is a Python that has it: interop/run.sh /path/to/python
set -euo pipefail
[ $# -eq 1 ] && "$1" -c 'import huggingface_hub, filelock' 2>/dev/null || { echo "skipped: name a Python that has huggingface_hub"; exit 0; }
cd "$(dirname "$0")/.."
[ -f bin/Debug/net10.0/LoraMerge.Hub.Tests.dll ] || dotnet build -v q -tl:off
LORAMERGE_TEST_PYTHON="$1" dotnet bin/Debug/net10.0/LoraMerge.Hub.Tests.dll -class '*HuggingFaceHubTests' -noColor -showLiveOutput
