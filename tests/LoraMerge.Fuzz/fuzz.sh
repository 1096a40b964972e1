#!/bin/sh
# Fuzzes one parser with AFL++ (Debian: apt-get install afl++) and SharpFuzz (dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path ...).
# usage: fuzz.sh TARGET SECONDS OUTPUT [CORPUS]
set -eu
target=$1 seconds=$2 output=$3
here=$(cd "$(dirname "$0")" && pwd)
corpus=${4:-$here/../fixtures/fuzz/$target}
mkdir -p "$output"
[ -d "$output/bin" ] || dotnet publish "$here" -c Release -o "$output/bin" -v q -tl:off
for library in LoraMerge.Safetensors LoraMerge LoraMerge.Gguf lora-merge System.CommandLine NuGet.Versioning; do
    [ -f "$output/bin/$library.fuzzed" ] || { "${SHARPFUZZ:-sharpfuzz}" "$output/bin/$library.dll" && touch "$output/bin/$library.fuzzed"; }
done
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_AUTORESUME=1
export DOTNET_TieredPGO=0 DOTNET_gcServer=0
dictionary=$here/../fixtures/fuzz/$target.dict
[ -f "${DICTIONARY:-$dictionary}" ] && set -- -x "${DICTIONARY:-$dictionary}" || set --
exec nice -n 19 afl-fuzz "$@" -i "$corpus" -o "$output/$target" -t 10000 -m none -V "$seconds" dotnet "$output/bin/LoraMerge.Fuzz.dll" afl "$target"
