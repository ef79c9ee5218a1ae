# find_package(keras2cv_@namespace@) brings the target keras2cv::@namespace@.
include(CMakeFindDependencyMacro)
find_dependency(OpenCV COMPONENTS core imgproc imgcodecs dnn)  #@only !arrays
find_dependency(OpenCV COMPONENTS core imgproc dnn)  #@only arrays
include(${CMAKE_CURRENT_LIST_DIR}/keras2cv_@namespace@-targets.cmake)
