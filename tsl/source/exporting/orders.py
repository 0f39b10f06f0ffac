"""Which call moves which state of a thing: the table behind definition 3 of the package.

A state that is not named by a call stays as it was. `$` stands for what the call's first argument says.
"""

from __future__ import annotations

# A method of a model or of a captured module -> the state it moves, and where to
MOVES = {
    "eval": ("mode", "eval"),
    "train": ("mode", "$"),
    "cpu": ("device", "cpu"),
    "cuda": ("device", "cuda"),
    "to": ("device", "$"),
}
# Methods of a model that return it and leave its state alone
KEEPS = frozenset(
    """half float double bfloat16 requires_grad_ apply share_memory zero_grad type to_empty compile
    register_buffer register_module add_module load_state_dict""".split()
)
# Methods of a tensor that return one on the same device; those that keep its shape stand first
KEEPS_TENSOR = frozenset(
    """half float double bfloat16 contiguous clone detach requires_grad_ to cpu cuda type long int bool""".split()
)
RESHAPES_TENSOR = frozenset("unsqueeze squeeze view reshape permute transpose repeat expand flatten".split())
# Factories of torch that make an example, and whether sizes come first
FACTORIES = {
    **dict.fromkeys("torch.rand torch.randn torch.zeros torch.ones torch.empty torch.full torch.randint".split(), True),
    **dict.fromkeys(
        "torch.tensor torch.arange torch.linspace torch.eye torch.as_tensor torch.from_numpy torch.randperm".split(),
        False,
    ),
}

# Factories of numpy, methods of an array that make another, and what makes a tensor of one
ARRAYS = frozenset(
    "numpy.zeros numpy.ones numpy.empty numpy.random.rand numpy.random.randn numpy.random.random".split()
)
RESHAPES_ARRAY = frozenset("reshape transpose copy squeeze repeat ravel".split())
OF_ARRAYS = frozenset({"torch.from_numpy", "torch.tensor", "torch.as_tensor"})
MAKES_FLOATS = frozenset("torch.rand torch.randn torch.zeros torch.ones torch.empty".split())
# Names of floating dtypes: methods of modules and tensors, and what torch also calls them
FLOATS = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "bfloat16": "bfloat16",
    "float16": "float16",
    "float32": "float32",
    "float64": "float64",
}

# What stands around a model when it is given to a capture
WRAPPERS = frozenset({"torch.compile", "torch.nn.DataParallel", "torch.nn.parallel.DataParallel"})
# The same, which a capture does not mind
UNDER_MODULE = frozenset({"torch.nn.parallel.DistributedDataParallel"})
# Layers that are what they are made of
CONTAINERS = frozenset(
    f"torch.nn.{name}"
    for name in "Module Sequential ModuleList ModuleDict TransformerEncoder TransformerDecoder DataParallel".split()
)
TRACERS = frozenset({"torch.jit.trace", "torch.jit._trace.trace", "torch.jit.trace_module"})
FREEZERS = {"torch.jit.freeze": "preserved_attrs", "torch.jit.optimize_for_inference": "other_methods"}
MOBILE = "torch.utils.mobile_optimizer.optimize_for_mobile"
ONNX = frozenset({"torch.onnx.export", "torch.onnx.utils.export"})

# Families of models outside the file that torch makes in train mode, and those that come ready
IN_TRAIN_MODE = ("torchvision.models.", "timm.create_model", "timm.models.", "segmentation_models_pytorch.")
READY = (".from_pretrained",)

# What decides by mode: layers of torch by name, functions, and the flag itself
MODAL_LAYERS = frozenset(
    """Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout BatchNorm1d BatchNorm2d BatchNorm3d
    SyncBatchNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d RReLU DropPath StochasticDepth
    TransformerEncoderLayer TransformerDecoderLayer Transformer
    dropout dropout1d dropout2d dropout3d alpha_dropout batch_norm rrelu training""".split()
)
# Layers of torch that do so only when given a dropout
MODAL_WITH_DROPOUT = frozenset("LSTM GRU RNN MultiheadAttention".split())

# What fetches a file from elsewhere: the argument that names where to, or None where the call returns it
FETCHES: dict[str, int | None] = {
    "urllib.request.urlretrieve": 1,
    "torch.hub.download_url_to_file": 1,
    "wget.download": None,
    "gdown.download": None,
    "huggingface_hub.hf_hub_download": None,
    "huggingface_hub.snapshot_download": None,
    "requests.get": None,
    "urllib.request.urlopen": None,
    "pooch.retrieve": None,
}
# Methods of clients of storage that fetch a file, and the argument that names where to
FETCHING_METHODS = {
    "download_file": 2,
    "fget_object": 2,
    "download_to_filename": 0,
    "download_blob_to_file": 0,
    "get_file": 1,
}
# Calls that run another program, and the programs that fetch files
PROCESSES = frozenset(
    "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen os.system".split()
)
DOWNLOADERS = frozenset("wget curl aria2c aws gsutil azcopy".split())
# Types of what a web framework hands over that a client has sent
SENT_TYPES = ("fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile")
SENT = ("flask.request.files", "flask.request.data")
# What puts a file under another name: source, destination
MOVED_FILES = frozenset(
    """os.rename os.replace os.link os.symlink shutil.copyfileobj shutil.copy shutil.copy2 shutil.copyfile
    shutil.move""".split()
)
SAFETENSORS = {"safetensors.torch.save_file": 1, "safetensors.torch.save_model": 1}
# Methods of a path that return the same path, or one below it
SAME_PATH = frozenset("resolve absolute expanduser as_posix __fspath__".split())
# Calls that hand a path on under another form
PATHS = frozenset(
    "builtins.str pathlib.Path os.fspath os.path.join os.path.abspath os.path.expanduser os.path.realpath".split()
    + "io.BytesIO builtins.open".split()
)
# What torch.onnx.export had before the dynamo exporter and no longer reads
LEGACY_ONLY = frozenset("training operator_export_type do_constant_folding custom_opsets autograd_inlining".split())
# What torch.onnx had once, functions and arguments of export; a call of one raises on torch 2.13
REMOVED = frozenset(
    """torch.onnx.dynamo_export torch.onnx.ExportOptions torch.onnx.export_to_pretty_string
    torch.onnx.utils.export_to_pretty_string torch.onnx.OnnxRegistry torch.onnx.DiagnosticOptions""".split()
)
REMOVED_ARGUMENTS = frozenset(
    "example_outputs use_external_data_format enable_onnx_checker strip_doc_string aten _retain_param_name".split()
)
FIRST_OPSET_OF_DYNAMO = 18
SYMBOLICS = frozenset(
    {
        "torch.onnx.register_custom_op_symbolic",
        "torch.onnx.utils.register_custom_op_symbolic",
        "torch.onnx.symbolic_helper.parse_args",
    }
)
DUMPERS = frozenset({"torch.utils.model_dump.get_model_info", "torch.utils.model_dump.get_inline_skeleton"})
# Calls of other libraries that look at a model and leave its mode and device alone
HARMLESS = ("torch.", "builtins.", "logging.", "warnings.", "os.", "numpy.", "thop.", "torchinfo.", "torchsummary.")
