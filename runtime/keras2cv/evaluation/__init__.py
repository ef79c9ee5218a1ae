"""How good a bundle is on labelled data: accuracy, mAP, IoU and their kin, on this machine.

data/        labelled data as people have it -> samples, each with its truth
metrics/     the numbers, in NumPy alone; scikit-learn's and pycocotools' to the last digits
measures/    for each task: from a result and its truth to what is kept of a sample, and from
             all samples to the numbers
tally.py     both measures while samples are added, and the worst cases
evaluate.py  the story: read the data, predict, measure, compare
"""
