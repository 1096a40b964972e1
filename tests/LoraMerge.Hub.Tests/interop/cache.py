"""What huggingface_hub makes of a cache: one question per call, the answer as JSON. Started by HuggingFaceHubTests, with the environment of a test."""
import json
import os
import sys

import huggingface_hub
from filelock import FileLock, Timeout
from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download

question, repository, *rest = sys.argv[1:]

if question == "version":
    answer = huggingface_hub.__version__
elif question == "download":
    answer = snapshot_download(repository)
elif question == "download-patterns":
    answer = snapshot_download(repository, allow_patterns=rest)
elif question == "local":
    folder = snapshot_download(repository, local_files_only=True)
    answer = {"folder": folder, "files": {name: open(hf_hub_download(repository, name, local_files_only=True), "rb").read().hex() for name in rest}}
elif question == "scan":
    cache = scan_cache_dir()
    found = [repo for repo in cache.repos if repo.repo_id == repository]
    answer = {
        "warnings": [str(warning) for warning in cache.warnings],
        "revisions": {
            revision.commit_hash: {"refs": sorted(revision.refs), "files": sorted(str(file.file_path.relative_to(revision.snapshot_path)) for file in revision.files)}
            for repo in found
            for revision in repo.revisions
        },
    }
elif question == "hold":  # takes a lock, says so, and lets it go when its input ends
    with FileLock(rest[0]):
        print(json.dumps("held"), flush=True)
        sys.stdin.read()
    answer = "free"
elif question == "try":
    try:
        with FileLock(rest[0], timeout=0.5):
            answer = "taken"
    except Timeout:
        answer = "busy"
else:
    sys.exit(f"no such question: {question}")
print(json.dumps(answer))
