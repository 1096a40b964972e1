namespace LoraMerge.Diagnostics;

#pragma warning disable CS1591 // what each code means is its heading in docs/diagnostics.md

/// <summary>Every code of the engine. The number is the code: 3004 is LORA3004. Numbers are never reused; docs/diagnostics.md has a heading for each.</summary>
public enum DiagnosticCode
{
    // 1100-1199: the request. (LORA1001 to LORA1099 belong to the MSBuild task.)
    ArgumentInvalid = 1101,
    OutputInsideInput = 1102,
    OutputNotOurs = 1103,
    BaseVersionMismatch = 1104,
    VersionInvalid = 1105,
    NotYetSupportedRequest = 1106,
    PathNotFound = 1107,
    DiskSpaceTooSmall = 1108,
    OutputNotWritable = 1109,
    InputNotReadable = 1110,
    InputChangedDuringMerge = 1111,

    // 2xxx: checkpoints and safetensors.
    CheckpointHasNoWeights = 2001,
    SafetensorsInvalid = 2002,
    LfsPointer = 2003,
    IndexInvalid = 2004,
    ShardMissing = 2005,
    ShardOutsideFolder = 2006,
    IndexDisagreesWithShard = 2007,
    ConfigInvalid = 2008,
    BaseIsQuantized = 2009,
    BaseIsAdapter = 2011,
    DuplicateTensor = 2012,
    CheckpointIsAmbiguous = 2013,
    PickleInvalid = 2014,
    PickleUnsafe = 2015,
    PickleNotReadable = 2016,
    SharedTensorChanged = 2017,
    PickleContentUnclear = 2018,

    // 3xxx: adapters.
    AdapterConfigMissing = 3001,
    AdapterConfigInvalid = 3002,
    AdapterWeightsMissing = 3003,
    RankMismatch = 3004,
    AdapterKindUnknown = 3005,
    AdapterKindNotMergeable = 3006,
    AdapterFormNotYetSupported = 3007,
    HalfAPair = 3008,
    AdapterTensorUnknown = 3009,
    AdapterDTypeInvalid = 3010,
    AdapterIsEmpty = 3012,
    AdapterNotFinite = 3013,
    AdapterConfigFieldUnknown = 3014,
    AdapterPatternInvalid = 3016,
    AdapterKindMissing = 3017,
    AdapterNamesDisagree = 3018,
    AlphaAmbiguous = 3019,
    PatternOrderAmbiguous = 3020,
    TrainedOnLostBase = 3030,
    ParameterUnknown = 3031,
    EmbeddingScaleAssumed = 3032,
    AdapterOfOtherLibrary = 3040,
    AdapterReleaseContradicted = 3041,
    TrainedBiasesLost = 3042,
    MlxScaleAmbiguous = 3043,
    DoraNormAmbiguous = 3044,
    MlxFamilyChanged = 3045,

    // 4xxx: planning.
    ModuleNotInBase = 4001,
    ShapeMismatch = 4002,
    TensorUnused = 4003,
    OrientationAmbiguous = 4004,
    BiasNotInBase = 4005,
    TargetDTypeInvalid = 4006,
    TokenOutsideVocabulary = 4007,
    TiedWeightsCannotPart = 4008,
    NothingToMerge = 4010,
    SideFileClash = 4012,
    TokenTrainedTwice = 4013,
    TensorReplacedTwice = 4014,
    NewTensorWithWeight = 4015,
    VocabularySizesDiffer = 4020,
    GroupedConvolution = 4021,
    ExpertShapeMismatch = 4022,
    ExpertOrientationAssumed = 4023,
    LayersCannotReplicate = 4024,
    PartNeedsPlainLora = 4025,

    // 4030-4039: combinations.
    CombinationRanksDiffer = 4030,
    CombinationNeedsPlainLora = 4031,
    CombinationDensityMissing = 4032,
    CombinationOptionUnused = 4033,

    // 5xxx: merging.
    LibTorchNotFound = 5001,
    LibTorchNotLoadable = 5002,
    CudaNotAvailable = 5003,
    ResultNotFinite = 5004,
    BaseNotFinite = 5005,
    VerificationFailed = 5007,
    CudaRuntimeNotInstalled = 5008,
    DoraOutputIsZero = 5010,
    CopiesDiffer = 5011,

    // 6050-6099: the store. (LORA6001 to LORA6049 belong to the MSBuild task.)
    ManifestInvalid = 6050,
}
