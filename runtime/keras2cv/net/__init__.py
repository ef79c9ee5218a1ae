"""`cv2.dnn.Net` with names, engines, devices, OpenCV's errors, arrays in and out."""
