#!/usr/bin/env bash
# Make emulated ARM Pythons with OpenCV: FOLDER/NAME/python for each NAME of the list below, or for
# those given.
# usage: machines.sh FOLDER [NAME...]
# Needs root, Debian 12, apt-get and pip. The architecture's own Python and libraries are unpacked,
# not installed, and run by qemu's user emulation, 10 to 50 times slower than a machine.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd); shift
wanted=" $* "
export PIP_ROOT_USER_ACTION=ignore DEBIAN_FRONTEND=noninteractive
command -v qemu-aarch64-static >/dev/null || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends qemu-user-static >/dev/null
}

make_machine() { # NAME arm64|armhf VERSION|debian NEWEST-GLIBC
  local name=$1 arch=$2 version=$3 glibc=${4:-2_28} root="$folder/$2"
  [ "$wanted" = "  " ] || [[ "$wanted" == *" $name "* ]] || return 0
  local emulator=qemu-aarch64-static triplet=aarch64-linux-gnu
  [ "$arch" = armhf ] && emulator=qemu-arm-static triplet=arm-linux-gnueabihf
  local apt=(apt-get -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Dir::State="$root/state"
    -o Dir::Cache="$root/cache" -o Dir::State::status="$root/status" -o APT::Sandbox::User=root)
  local packages=(python3.11 libstdc++6 libgomp1)
  [ "$version" = debian ] && packages+=(python3-opencv)
  mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial" "$root/system" "$folder/$name"
  touch "$root/status"
  [ -e "$root/updated" ] || { "${apt[@]}" update -qq || echo "some package lists are old" >&2; touch "$root/updated"; }
  "${apt[@]}" install -y -qq --download-only --no-install-recommends "${packages[@]}" >/dev/null
  for package in "$root"/cache/archives/*.deb; do
    [ -e "$package.unpacked" ] || { dpkg -x "$package" "$root/system" && touch "$package.unpacked"; }
  done
  local site="$folder/$name/site" platforms=()
  if [ "$version" = debian ]; then site="$root/system/usr/lib/python3/dist-packages"
  elif [ ! -d "$site" ]; then
    for p in "$glibc" 2_27 2_17; do platforms+=(--platform "manylinux_${p}_aarch64"); done
    local numpy='numpy>=2'; case $version in 4.[0-9].*|4.10.*) numpy='numpy<2';; esac
    "${PYTHON:-python3}" -m pip install -q --no-deps --only-binary=:all: --python-version 3.11 --implementation cp \
      "${platforms[@]}" --platform manylinux2014_aarch64 --target "$site" "opencv-python-headless==$version" "$numpy"
  fi
  local lib="$root/system/usr/lib/$triplet"
  # -0: sys.executable is this file, so that child processes are emulated too.
  cat >"$folder/$name/python" <<RUN
#!/usr/bin/env bash
export PYTHONPATH="$site\${PYTHONPATH:+:\$PYTHONPATH}" PYTHONHOME="$root/system/usr" OPENBLAS_NUM_THREADS=1
exec $emulator -L "$root/system" -E LD_LIBRARY_PATH="$lib:$lib/blas:$lib/lapack" -0 "\$0" "$root/system/usr/bin/python3.11" "\$@"
RUN
  chmod +x "$folder/$name/python"
}

make_machine aarch64-5.0 arm64 5.0.0.93
make_machine aarch64-4.14 arm64 4.14.0.94
make_machine aarch64-4.14-glibc-2.17 arm64 4.14.0.94 2_17
make_machine aarch64-4.10 arm64 4.10.0.84
make_machine aarch64-4.6-debian arm64 debian
make_machine armhf-4.6-debian armhf debian
