"""Collections for TensorFlow's Keras 2."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from campaigns.zoo.specimen import Collection, Specimen

_BUILDERS: Final = "campaigns.zoo.builders"
_PICTURE: Final = (64, 64, 3)
_VOLUME: Final = (32, 32, 32, 1)

_SM: Final = Collection(
    "segmentation-models", "keras2",
    ("segmentation-models==1.0.1", "efficientnet==1.1.1", "image-classifiers==1.0.0",
     "keras-applications==1.0.8"),
    variables={"SM_FRAMEWORK": "tf.keras"},
)  # fmt: skip
# Its files hold layers of efficientnet.
_SE: Final = replace(_SM, imports=("efficientnet.tfkeras",))
_CM: Final = Collection("image-classifiers", "keras2", _SM.requirements)
_EN: Final = Collection("efficientnet", "keras2", _SM.requirements, ("efficientnet.tfkeras",))
_UC: Final = Collection(
    "keras-unet-collection", "keras2", ("keras-unet-collection==0.1.13",),
    ("keras_unet_collection.layer_utils", "keras_unet_collection.transformer_layers"),
)  # fmt: skip
_KU: Final = Collection("keras-unet", "keras2", ("keras-unet==0.1.2",))
_TI: Final = Collection("tfimm", "keras2", ("tfimm==0.2.14",), ("tfimm",))
_C3: Final = Collection(
    "classification-models-3d", "keras2", ("classification-models-3d==1.1.0",),
    ("classification_models_3D.models._DepthwiseConv3D",),
)  # fmt: skip
_S3: Final = Collection(
    "segmentation-models-3d", "keras2",
    ("segmentation-models-3d==1.1.1", *_C3.requirements, "efficientnet-3d==1.0.2"),
)  # fmt: skip
_KECAM: Final = Collection(
    "keras-cv-attention-models", "keras2", ("keras-cv-attention-models==1.4.3",),
    ("keras_cv_attention_models",),
)  # fmt: skip
# TensorFlow's softmax by oneDNN takes five axes at most, and these have six.
_OVER_FIVE_AXES: Final = replace(_KECAM, variables={"TF_ENABLE_ONEDNN_OPTS": "0"})
_SPLICE: Final = Collection("spliceai", "keras2", ("spliceai==1.3.1",))
_CSB: Final = Collection("csbdeep", "keras2", ("csbdeep==0.8.2",))
_STAR: Final = Collection("stardist", "keras2", ("stardist==0.9.2", "csbdeep==0.8.2"))
_OCR: Final = Collection("keras-ocr", "keras2", ("keras-ocr==0.9.3",))
# Its Lambda's function reads others of its module, which NumPy 2 alone cannot import.
_READER: Final = replace(_OCR, imports=("campaigns.zoo.numpy_1", "keras_ocr.recognition"))

# Their files hold Lambda layers: a user is told to pass this for a file that is trusted.
_LAMBDAS: Final = dict.fromkeys(
    ("seresnet18", "seresnext50", "senet154", "resunet_a_2d"), ("--unsafe",)
)

_KECAM_TITLES: Final = (
    "ghostnet.GhostNetV2_100", "mobilenetv3_family.LCNet050", "mobilevit.MobileViT_XXS",
    "levit.LeViT128S",
    "coatnet.CoAtNet0", "edgenext.EdgeNeXt_XX_Small", "fasternet.FasterNetT0", "repvit.RepViT_M09",
    "efficientformer.EfficientFormerV2S0", "efficientvit.EfficientViT_M0", "tinyvit.TinyViT_5M",
    "hornet.HorNetTiny", "uniformer.UniformerSmall32",
    "swin_transformer_v2.SwinTransformerV2Tiny_window8",
    "halonet.HaloNetH0", "botnet.BotNetSE33T", "caformer.ConvFormerS18", "moganet.MogaNetXtiny",
    "vanillanet.VanillaNet5", "mlp_family.MLPMixerS32", "gcvit.GCViT_XXTiny", "maxvit.MaxViT_Tiny",
    "davit.DaViT_T", "pvt.PVT_V2B0", "fastvit.FastViT_T8", "cotnet.CotNet50", "resnest.ResNest50",
    "yolox.YOLOXNano", "efficientdet.EfficientDetD0", "volo.VOLO_d1", "beit.BeitV2BasePatch16",
    "nat.NAT_Mini", "iformer.IFormerSmall", "cmt.CMTTiny", "coat.CoaTLiteTiny", "hiera.HieraTiny",
)  # fmt: skip


def _kecam(place: str) -> Specimen:
    home, _, title = place.partition(".")
    arguments: dict[str, object] = {"input_shape": _PICTURE, "pretrained": None}
    if home not in ("yolox", "efficientdet"):
        arguments["num_classes"] = 10
    if home in ("efficientdet",):
        arguments["input_shape"] = (128, 128, 3)
    if home in ("coatnet", "maxvit", "gcvit", "hiera", "beit", "davit", "cmt", "iformer", "volo"):
        arguments["input_shape"] = (128, 128, 3) if home != "hiera" else (224, 224, 3)
    collection = _OVER_FIVE_AXES if home in ("halonet", "volo") else _KECAM
    return Specimen(
        collection, title, f"keras_cv_attention_models.{home}.{title}", arguments, format="h5"
    )


OLD: Final = (
    *(Specimen(_SE if "efficient" in backbone else _SM, f"{title} on {backbone}",
               f"segmentation_models.{title}",
               {"backbone_name": backbone, "encoder_weights": None, "classes": 3,
                "input_shape": (96, 96, 3)}, format="h5", options=_LAMBDAS.get(backbone, ()))
      for title, backbone in (("Unet", "inceptionv3"), ("FPN", "efficientnetb0"),
                              ("Linknet", "mobilenetv2"), ("PSPNet", "resnet18"),
                              ("Unet", "seresnet18"))),
    *(Specimen(_CM, title, f"{_BUILDERS}.image_classifier", {"name": title}, format="h5",
               options=_LAMBDAS.get(title, ()))
      for title in ("resnet18", "seresnet18", "seresnext50", "senet154")),
    Specimen(_EN, "EfficientNetB0", "efficientnet.tfkeras.EfficientNetB0",
             {"input_shape": _PICTURE, "weights": None, "classes": 10}, format="h5"),
    *(Specimen(_UC, title, f"keras_unet_collection.models.{title}",
               {"input_size": _PICTURE, "n_labels": 2, **more}, format="h5",
               options=_LAMBDAS.get(title, ()))
      for title, more in (
          ("unet_2d", {"filter_num": [8, 16, 24], "batch_norm": True}),
          ("unet_plus_2d", {"filter_num": [8, 16, 24], "batch_norm": True}),
          ("unet_3plus_2d", {"filter_num_down": [8, 16, 24], "batch_norm": True}),
          ("att_unet_2d", {"filter_num": [8, 16, 24], "batch_norm": True}),
          ("r2_unet_2d", {"filter_num": [8, 16, 24], "batch_norm": True}),
          ("vnet_2d", {"filter_num": [8, 16, 32], "batch_norm": True, "pool": False,
                       "unpool": False}),
          ("u2net_2d", {"filter_num_down": [8, 16, 24], "batch_norm": True}),
          ("resunet_a_2d", {"filter_num": [8, 16, 24], "dilation_num": [1, 3]}),
          ("transunet_2d", {"filter_num": [8, 16, 24], "embed_dim": 48, "num_mlp": 96,
                            "num_heads": 3, "num_transformer": 2, "batch_norm": True}),
          ("swin_unet_2d", {"filter_num_begin": 16, "depth": 2, "stack_num_down": 2,
                            "stack_num_up": 2, "patch_size": (4, 4), "num_heads": [2, 2],
                            "window_size": [4, 2], "num_mlp": 32}),
      )),
    Specimen(_KU, "custom_unet", "keras_unet.models.custom_unet",
             {"input_shape": _PICTURE, "filters": 8, "num_layers": 3}, format="h5"),
    Specimen(_KU, "satellite_unet", "keras_unet.models.satellite_unet",
             {"input_shape": _PICTURE}, format="h5"),
    *(Specimen(_TI, name, f"{_BUILDERS}.tfimm", {"name": name, "side": side}, format="saved",
               shapes=((side, side, 3),))
      for name, side in (("pit_ti_224", 224), ("poolformer_s12", 64), ("cait_xxs24_224", 224),
                         ("swin_tiny_patch4_window7_224", 224), ("pvt_v2_b0", 64),
                         ("mixer_s32_224", 224))),
    Specimen(_C3, "mobilenet", f"{_BUILDERS}.classifier_3d", {"name": "mobilenet"}, format="h5"),
    Specimen(_C3, "resnet18", f"{_BUILDERS}.classifier_3d", {"name": "resnet18"}, format="h5"),
    Specimen(_S3, "Unet on resnet18", "segmentation_models_3D.Unet",
             {"backbone_name": "resnet18", "encoder_weights": None, "classes": 2,
              "input_shape": (32, 32, 32, 3)}, format="h5"),
    *map(_kecam, _KECAM_TITLES),
    *(Specimen(_SPLICE, f"spliceai{k}", f"spliceai/models/spliceai{k}.h5", format="h5",
               trained=True, shapes=((10200, 4),), options=("--input-shape", "1,10200,4"))
      for k in (1, 2)),
    Specimen(Collection("basic-pitch", "keras2", ("basic-pitch==0.4.0",), values=(-1, 1)),
             "icassp_2022", "basic_pitch/saved_models/icassp_2022/nmp", format="saved",
             trained=True, shapes=((43844, 1),), options=("--input-shape", "1,43844,1")),
    Specimen(_CSB, "CARE", f"{_BUILDERS}.care", format="h5", options=("--unsafe",)),
    Specimen(_CSB, "custom_unet", f"{_BUILDERS}.noise2void", format="h5"),
    Specimen(_STAR, "StarDist2D", f"{_BUILDERS}.stardist", format="h5"),
    Specimen(_STAR, "StarDist3D", f"{_BUILDERS}.stardist_3d", format="h5"),
    Specimen(_OCR, "CRAFT", f"{_BUILDERS}.ocr_detector", format="h5"),
    Specimen(_READER, "CRNN", f"{_BUILDERS}.ocr_reader", format="h5", options=("--unsafe",)),
    Specimen(Collection("tabnet-keras", "keras2", ("tabnet-keras==1.2.0",), ("tabnet_keras",)),
             "TabNetClassifier", f"{_BUILDERS}.tabnet", format="saved", shapes=((10,),)),
    Specimen(Collection("keras-resnet", "keras2", ("keras-resnet==0.2.0",)), "ResNet2D18",
             f"{_BUILDERS}.keras_resnet", format="saved"),
    *(Specimen(Collection(package, "keras2", (f"{package}=={version}",)), title,
               f"{_BUILDERS}.of_old_keras",
               {"place": f"{package}.{title}", "weights": None, **more}, format="saved")
      for package, version, title, more in (
          ("tfvan", "1.0.0", "VanTiny", {"input_shape": _PICTURE}),
          ("tfgcvit", "2.0.4", "GCViTNano", {"input_shape": (224, 224, 3)}),
      )),
    Specimen(Collection("retina-face", "keras2", ("retina-face==0.0.19",)), "RetinaFace",
             "retinaface.model.retinaface_model.build_model", format="h5", shapes=((64, 64, 3),),
             options=("--input-shape", "1,64,64,3")),
)  # fmt: skip
