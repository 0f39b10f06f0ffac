#!/bin/sh
# Runs the tests under each pair of Python and torch that tsl is held to, in virtual environments of their own.
# usage: versions.sh [PAIR ...]     a PAIR is PYTHON:TORCH, as python3.10:2.4.1; without torch, python3.13:none
# Needs these interpreters and a package index; build/versions keeps the environments and a log of each pair.
set -u
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- python3.10:2.4.1 python3.12:2.7.1 python3.13:2.13.0 python3.13:none
failed=0
for pair in "$@"; do
  python=${pair%%:*} torch=${pair##*:} home=build/versions/$pair
  command -v "$python" >/dev/null || { echo "$pair: there is no $python here" >&2; failed=1; continue; }
  mkdir -p build/versions
  [ -x "$home/bin/python" ] || "$python" -m venv "$home" || exit 2
  pip="$home/bin/python -m pip --quiet --disable-pip-version-check install"
  $pip --editable '.[dev]' || exit 2
  case $torch in
    none) ;;
    2.4.*) $pip "torch==$torch" 'numpy<2' || exit 2 ;;
    *) $pip "torch==$torch" numpy || exit 2 ;;
  esac
  "$home/bin/python" -m pytest -q -p no:cacheprovider >"build/versions/$pair.log" 2>&1 || failed=1
  echo "$pair: $(tail -n 1 "build/versions/$pair.log")"
done
exit $failed
