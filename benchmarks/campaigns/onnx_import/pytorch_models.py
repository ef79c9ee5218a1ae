"""Small PyTorch models, written by both of PyTorch's exporters; run where PyTorch is installed.

    python pytorch_models.py FOLDER

Each becomes FOLDER/NAME.onnx, and FOLDER/NAME.npz with its inputs and PyTorch's own outputs.
"""
# ruff: noqa: D101, D102, N812 - modules look as in PyTorch's own examples

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """A residual block, as torchvision's."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.down = nn.Sequential(
            nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
        )

    def forward(self, x: Any) -> Any:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.down(x))


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 7, 2, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        )
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.blocks = nn.Sequential(Block(16, 16, 1), Block(16, 32, 2))
        self.head = nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        x = self.blocks(self.pool(self.stem(x)))
        return self.head(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Inverted(nn.Module):
    """A block of MobileNetV3: depthwise, squeeze and excite, hard swish."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.depth = nn.Conv2d(2 * channels, 2 * channels, 5, 1, 2, groups=2 * channels)
        self.fc1, self.fc2 = nn.Conv2d(2 * channels, 8, 1), nn.Conv2d(8, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Any) -> Any:
        y = F.hardswish(self.depth(F.hardswish(self.expand(x))))
        gate = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.project(y * gate)


class Mobile(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1)
        self.blocks = nn.Sequential(Inverted(16), Inverted(16))
        self.head = nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        x = self.blocks(F.hardswish(self.stem(x)))
        return F.softmax(self.head(x.mean([2, 3])), 1)


class UNet(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 16, 3, 1, 1)
        self.up = nn.Conv2d(24, 8, 3, 1, 1)
        self.out, self.mode = nn.Conv2d(8, 1, 1), mode

    def forward(self, x: Any) -> Any:
        a = F.relu(self.down1(x))
        b = F.relu(self.down2(F.max_pool2d(a, 2, ceil_mode=True)))
        corners = None if self.mode == "nearest" else False
        b = F.interpolate(b, size=a.shape[2:], mode=self.mode, align_corners=corners)
        return torch.sigmoid(self.out(F.relu(self.up(torch.cat([a, b], 1)))))


class Transposed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(16, 8 * 4 * 4), nn.Unflatten(1, (8, 4, 4)), nn.BatchNorm2d(8), nn.ReLU(),
            nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(6, 3, 3, 2, 1, output_padding=1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.net(x)


class Attention(nn.Module):
    """A vision transformer: patches, a class token, an encoder layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 32, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 32) * 0.1)
        self.place = nn.Parameter(torch.randn(1, 17, 32) * 0.1)
        layer = nn.TransformerEncoderLayer(
            32, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 7)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
        return self.head(self.norm(self.encoder(x))[:, 0])


class Words(nn.Module):
    """Indices of words, an embedding, and recurrent layers."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 12)
        layer = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
        self.rnn = layer(12, 10, batch_first=True, bidirectional=True)
        self.head = nn.Linear(20, 4)

    def forward(self, x: Any) -> Any:
        y, _ = self.rnn(self.embed(x))
        return self.head(y[:, -1])


class Series(nn.Module):
    """Recurrent layers on top of each other; every output, and the last states."""

    def __init__(self, kind: Any, layers: int = 1, both: bool = False) -> None:
        super().__init__()
        self.rnn = kind(5, 6, layers, batch_first=True, bidirectional=both)
        self.head = nn.Linear(12 if both else 6, 3)

    def forward(self, x: Any) -> tuple[Any, Any]:
        y, states = self.rnn(x)
        h = states[0] if isinstance(states, tuple) else states
        return self.head(y), h[-1]


class Copies(nn.Module):
    """A decoder that begins with the states of an encoder."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = (kind(5, 6, batch_first=True) for _ in range(2))
        self.head = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        _, states = self.encoder(x)
        y, _ = self.decoder(x, states)
        return self.head(y)


class Convnext(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 4, 4)
        self.depth, self.norm = nn.Conv2d(16, 16, 7, 1, 3, groups=16), nn.LayerNorm(16)
        self.one, self.two = nn.Linear(16, 64), nn.Linear(64, 16)
        self.group, self.head = nn.GroupNorm(4, 16), nn.Linear(16, 6)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = self.norm(self.depth(x).permute(0, 2, 3, 1))
        y = self.two(F.gelu(self.one(y))).permute(0, 3, 1, 2)
        return self.head(self.group(x + y).mean((2, 3)))


class Style(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.ReflectionPad2d(2), nn.Conv2d(3, 8, 5), nn.InstanceNorm2d(8, affine=True),
            nn.PReLU(8),
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(8, 12, 3, 1, 1),
            nn.PixelShuffle(2), nn.Conv2d(3, 3, 1),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.net(x)


class Detector(nn.Module):
    """Two scales, decoded with grids that are computed from the feature maps' sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 3, 4, 1), nn.Conv2d(16, 16, 3, 2, 1)
        self.heads = nn.ModuleList([nn.Conv2d(16, 7, 1), nn.Conv2d(16, 7, 1)])

    def forward(self, x: Any) -> tuple[Any, Any]:
        maps = [F.silu(self.a(x))]
        maps.append(F.silu(self.b(maps[0])))
        boxes, scores = [], []
        for level, head in zip(maps, self.heads, strict=True):
            y = head(level)
            n, _, h, w = y.shape
            ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            grid = torch.stack([xs, ys], -1).view(1, h * w, 2).float() + 0.5
            y = y.view(n, 7, h * w).permute(0, 2, 1)
            boxes.append(torch.cat([grid + y[..., :2], y[..., 2:4].exp()], -1))
            scores.append(y[..., 4:].sigmoid())
        return torch.cat(boxes, 1), torch.cat(scores, 1)


class Two(nn.Module):
    """A picture and numbers, and two answers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 8, 3, 2, 1), nn.Linear(5, 8)
        self.one, self.two = nn.Linear(16, 3), nn.Linear(16, 1)

    def forward(self, image: Any, numbers: Any) -> tuple[Any, Any]:
        x = F.elu(self.conv(image)).amax((2, 3))
        y = torch.cat([x, F.softplus(self.fc(numbers))], 1)
        return F.log_softmax(self.one(y), -1), self.two(y).squeeze(-1)


class Clip3d(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv3d(3, 8, 3, 1, 1), nn.ReLU(), nn.MaxPool3d(2), nn.Flatten(2)
        )
        self.head = nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        return self.head(self.net(x).mean(-1))


class Signal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(2, 8, 5, 2, 2), nn.BatchNorm1d(8), nn.GELU(), nn.AvgPool1d(2),
            nn.Conv1d(8, 8, 3, 1, 2, dilation=2), nn.Mish(), nn.AdaptiveMaxPool1d(1), nn.Flatten(),
            nn.Linear(8, 3),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.net(x)


def _picture(size: int = 32, channels: int = 3, count: int = 4) -> Any:
    return torch.rand(count, channels, size, size)


def _series() -> Any:
    return torch.randn(4, 12, 5)


MODELS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "resnet": (ResNet, (_picture(64),)),
    "mobile": (Mobile, (_picture(),)),
    "unet_bilinear": (lambda: UNet("bilinear"), (_picture(33),)),
    "unet_nearest": (lambda: UNet("nearest"), (_picture(),)),
    "generator": (Transposed, (torch.randn(4, 16),)),
    "vit": (Attention, (_picture(),)),
    "words_lstm": (lambda: Words("lstm"), (torch.randint(0, 50, (4, 9)),)),
    "words_gru": (lambda: Words("gru"), (torch.randint(0, 50, (4, 9)),)),
    "lstm": (lambda: Series(nn.LSTM), (_series(),)),
    "lstm_two": (lambda: Series(nn.LSTM, 2), (_series(),)),
    "lstm_both": (lambda: Series(nn.LSTM, both=True), (_series(),)),
    "lstm_copies": (lambda: Copies(nn.LSTM), (_series(),)),
    "gru": (lambda: Series(nn.GRU), (_series(),)),
    "gru_two": (lambda: Series(nn.GRU, 2), (_series(),)),
    "gru_both": (lambda: Series(nn.GRU, both=True), (_series(),)),
    "gru_copies": (lambda: Copies(nn.GRU), (_series(),)),
    "rnn": (lambda: Series(nn.RNN), (_series(),)),
    "rnn_both": (lambda: Series(nn.RNN, both=True), (_series(),)),
    "convnext": (Convnext, (_picture(),)),
    "style": (Style, (_picture(16),)),
    "detector": (Detector, (_picture(),)),
    "two": (Two, (_picture(16, 1), torch.randn(4, 5))),
    "clip": (Clip3d, (torch.rand(4, 3, 6, 16, 16),)),
    "signal": (Signal, (torch.randn(4, 2, 40),)),
}


def spread(model: nn.Module) -> None:
    """Give normalisations statistics that are not those of a fresh model."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)


def write(folder: Path, name: str, dynamo: bool) -> None:
    """Write one model by one exporter."""
    build, arguments = MODELS[name]
    torch.manual_seed(3)
    model = build().eval()
    spread(model)
    inputs = [f"input_{k}" if k else "input" for k in range(len(arguments))]
    with torch.no_grad():
        results = model(*arguments)
    results = results if isinstance(results, tuple) else (results,)
    outputs = [f"output_{k}" if k else "output" for k in range(len(results))]
    path = folder / f"{name}_{'dynamo' if dynamo else 'script'}.onnx"
    one = tuple(argument[:1] for argument in arguments)
    if dynamo:
        torch.onnx.export(
            model,
            one,
            path,
            dynamo=True,
            input_names=inputs,
            output_names=outputs,
            external_data=name == "resnet",
            verbose=False,
        )
    else:
        axes = {key: {0: "batch"} for key in (*inputs, *outputs)}
        torch.onnx.export(
            model,
            one,
            path,
            dynamo=False,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=11 if name == "unet_nearest" else 17,
        )
    arrays = dict(zip(inputs, arguments, strict=True)) | dict(zip(outputs, results, strict=True))
    np.savez(path.with_suffix(".npz"), **{key: value.numpy() for key, value in arrays.items()})


def main() -> None:
    """Write all of them, and say which could not be written."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        for dynamo in (False, True):
            try:
                write(folder, name, dynamo)
                print(name, "dynamo" if dynamo else "script", "written", flush=True)
            except Exception as error:  # an exporter's own
                print(
                    name, "dynamo" if dynamo else "script", "FAILED:", str(error)[:200], flush=True
                )


if __name__ == "__main__":
    main()
