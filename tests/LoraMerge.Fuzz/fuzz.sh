#!/bin/sh
# Fuzzes one parser with AFL++ and SharpFuzz; docs/hostile-input.md says how to install them. A second run with the same OUTPUT goes on where the first ended.
# usage: [SHARPFUZZ=PATH] fuzz.sh TARGET SECONDS OUTPUT [CORPUS]
set -eu
target=$1 seconds=$2 output=$3
here=$(cd "$(dirname "$0")" && pwd)
corpus=${4:-$here/../fixtures/fuzz/$target}
[ -d "$output/bin" ] || dotnet publish "$here" -c Release -o "$output/bin" -v q -tl:off
for library in LoraMerge.Safetensors LoraMerge LoraMerge.Gguf LoraMerge.Hub lora-merge System.CommandLine NuGet.Versioning; do
    [ -f "$output/bin/$library.fuzzed" ] || { "${SHARPFUZZ:-sharpfuzz}" "$output/bin/$library.dll" && touch "$output/bin/$library.fuzzed"; }
done
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_AUTORESUME=1
[ -f "$corpus.dict" ] && set -- -x "$corpus.dict" || set --
exec nice -n 19 afl-fuzz "$@" -i "$corpus" -o "$output/$target" -t 10000 -m none -V "$seconds" dotnet "$output/bin/LoraMerge.Fuzz.dll" afl "$target"
