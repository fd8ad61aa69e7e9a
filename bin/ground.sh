# Sourced by every command: where this checkout is, and what must be there before the command runs.
# All that set-up says goes to standard error.

root=$(dirname "$(dirname "$(readlink -f "$0")")")
python=$root/.venv/bin/python

# Python as the project means it, whatever the caller's environment says.
unset PYTHONHOME
export PYTHONPATH="$root" PYTHONUTF8=1
export PYTHONTZPATH='' # the pinned tzdata, not the system's
if [ -d /opt/homebrew/lib ]; then # where Homebrew keeps Pango
    export DYLD_FALLBACK_LIBRARY_PATH="/opt/homebrew/lib:${DYLD_FALLBACK_LIBRARY_PATH:-/usr/local/lib:/usr/lib}"
fi

# The interpreter itself rather than a link to it: when the system moves on to another, .venv is made anew.
system_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c '
import os, sys
if not (3, 11) <= sys.version_info < (3, 15):
    sys.exit(1)
print(os.path.realpath(sys.executable))' 2>/dev/null; then
            return
        fi
    done
    echo 'daybook: no Python 3.11 to 3.14 found: install one, on Debian by apt-get install python3' >&2
    return 2
}

provision() {
    interpreter=$(system_python) || exit
    (unset PYTHONTZPATH && exec "$interpreter" -P -m config.provision "$1") 1>&2 || exit
}

# set_up LOCK: the environment made from that lock file. Nothing but a comparison when that is done.
set_up() {
    if [ -x "$python" ] && [ ! -e "$root/.venv/unfinished" ] && cmp -s "$root/$1" "$root/.venv/$1"; then
        return
    fi
    provision "$1"
}
