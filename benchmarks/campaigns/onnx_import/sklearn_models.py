"""Small scikit-learn models, written by skl2onnx; run where both are installed.

    python sklearn_models.py FOLDER

Each becomes FOLDER/NAME.onnx; ONNX Runtime answers for it.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

X, Y = make_classification(400, 8, n_informative=6, n_classes=3, random_state=2)
X = X.astype(np.float32)
TARGET = X @ np.arange(1, 9, dtype=np.float32) + np.sin(X[:, 0])

MODELS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "linear": (LinearRegression(), TARGET, {}),
    "logistic": (make_pipeline(StandardScaler(), LogisticRegression()), Y, {"zipmap": False}),
    "logistic_binary": (LogisticRegression(), Y == 1, {}),
    "mlp": (MLPClassifier((20, 10), max_iter=200, random_state=1), Y, {"zipmap": False}),
    "mlp_regressor": (
        make_pipeline(
            MinMaxScaler(), MLPRegressor(hidden_layer_sizes=(16,), max_iter=200, random_state=1)
        ), TARGET, {},
    ),
    "tree": (DecisionTreeClassifier(max_depth=5, random_state=1), Y, {"zipmap": False}),
    "forest": (RandomForestClassifier(20, max_depth=6, random_state=1), Y, {"zipmap": False}),
    "forest_regressor": (RandomForestRegressor(10, max_depth=5, random_state=1), TARGET, {}),
    "boosting": (GradientBoostingClassifier(n_estimators=10, random_state=1), Y, {"zipmap": False}),
    "boosting_regressor": (GradientBoostingRegressor(n_estimators=15, random_state=1), TARGET, {}),
    "pca": (make_pipeline(Normalizer(), PCA(3)), Y, {}),
    "polynomial": (make_pipeline(PolynomialFeatures(2), LinearRegression()), TARGET, {}),
    "clusters": (KMeans(4, n_init=2, random_state=1), Y, {}),
    "linear_svc": (LinearSVC(), Y, {}),
    "svc": (SVC(), Y, {"zipmap": False}),
}  # fmt: skip


def main() -> None:
    """Write all of them, and say which could not be written."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (model, target, extra) in MODELS.items():
        model.fit(X, target)
        last = model.steps[-1][1] if hasattr(model, "steps") else model
        options = {id(last): extra} if extra else None
        try:
            written = to_onnx(model, X[:1], options=options, target_opset=17)
        except Exception as error:  # the converter's own
            print(name, "FAILED:", str(error)[:200])
            continue
        (folder / f"{name}.onnx").write_bytes(written.SerializeToString())
        print(name, "written", [o.name for o in written.graph.output])


if __name__ == "__main__":
    main()
