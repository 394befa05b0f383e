#!/bin/sh
# What the tests need of Debian: installed with apt where we are root and it is missing, otherwise named.
set -eu
missing=""
need() { # name of the package, then a test for it
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
need chromium command -v chromium
need postgresql sh -c 'ls /usr/lib/postgresql/*/bin/initdb || command -v initdb'
need redis-server command -v redis-server
need nginx-light sh -c 'command -v nginx || test -x /usr/sbin/nginx'
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
    echo "Installing$missing with apt-get ..."
    export DEBIAN_FRONTEND=noninteractive
    # The services themselves stay off: tests start their own.
    mkdir -p /usr/sbin && policy=/usr/sbin/policy-rc.d
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && trap 'rm -f $policy' EXIT; }
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need these Debian packages:$missing"
    echo "Install them with: sudo apt-get install --no-install-recommends$missing"
    exit 1
fi
