namespace LoraMerge.Diagnostics;

#pragma warning disable CS1591 // what each code means is its heading in docs/diagnostics.md

/// <summary>
/// Every code of the engine. The number is the code: 3004 is LORA3004. Numbers are never reused (1106, 2010 and 3011 are gone); docs/diagnostics.md has a
/// heading for each.
/// </summary>
public enum DiagnosticCode
{
    // 1100-1199: the request. (LORA1001 to LORA1099 belong to the MSBuild task.)
    ArgumentInvalid = 1101,
    OutputInsideInput = 1102,
    OutputNotOurs = 1103,
    BaseVersionMismatch = 1104,
    VersionInvalid = 1105,
    PathNotFound = 1107,
    DiskSpaceTooSmall = 1108,
    OutputNotWritable = 1109,
    InputNotReadable = 1110,
    InputChangedDuringMerge = 1111,
    InputIsSpecial = 1112,
    BaseVersionConflict = 1113,
    MemoryLimitTooLow = 1120,
    InputIsOfAnotherKind = 1121,
    InputLeadsOut = 1130,
    OutputCannotBeReplaced = 1140,
    OutputParentNotWritable = 1141,
    OutputNotSettled = 1142,
    ReportFileNotOurs = 1150,
    ReportInsideModel = 1170,

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
    ConfigMissing = 2030,
    NoTokenizer = 2031,
    OnlyWeightsNamed = 2032,
    ShardIsNoWeightFile = 2035,
    BaseFileIsNoWeightFile = 2036,
    PickleDamaged = 2037,
    JsonTooLarge = 2045,
    TensorNameTooLong = 2046,
    ShapeUncountable = 2047,

    // 2060-2079: GGUF: files that are read, and models that are to be written as such.
    GgufInvalid = 2060,
    GgufNotRestorable = 2061,
    GgufArchitectureUnknown = 2062,
    GgufConfigFieldInvalid = 2063,
    GgufConfigNotSayable = 2064,
    GgufTensorMissing = 2065,
    GgufTensorUnknown = 2066,
    GgufTensorShape = 2067,
    TokenizerMissing = 2068,
    TokenizerInvalid = 2069,
    TokenizerNotSayable = 2070,
    PreTokenizerUnknown = 2071,
    TokenizerVocabularyMismatch = 2072,
    GgufReadersDiffer = 2073,
    OptionNotOfFormat = 2074,
    ModelOfOtherFormat = 2075,
    NoGgufAdapter = 2076,
    ModelfileLeftOut = 2077,

    // 2140-2159: GGUF files as bases.
    GgufHoldsNoModel = 2140,
    GgufTokenizerLeftOut = 2141,
    GgufNamesKept = 2142,

    // 2090-2099: what lies beside a base.
    BaseHasOwnAdapter = 2090,
    WeightsOutsideIndex = 2091,

    // 2092-2099: what adapters make of a model that cannot be said in GGUF.
    ClassifierNotInGguf = 2092,

    // 2100-2139: quantised bases.
    QuantizedPartMissing = 2100,
    QuantizedShapeMismatch = 2101,
    QuantizedDTypeMismatch = 2102,
    QuantizedScaleNotFinite = 2103,
    QuantizedZeroPointOutside = 2104,
    QuantizedGroupOutside = 2105,
    QuantizedPartUnused = 2106,
    QuantizationSettingInvalid = 2107,
    QuantizedShapeImpossible = 2108,
    QuantizedStoredTwice = 2109,
    QuantizedStateInvalid = 2110,
    BaseIsPlain = 2111,
    RequantizeImpossible = 2112,
    DeltaLost = 2113,
    NothingToKeep = 2114,
    TextIsUtf16 = 2115,

    // 2120-2129: what a base holds besides a model.
    BaseHoldsLooseAdapter = 2120,

    // 2150-2159: more of quantised bases.
    WeightsRoundedWhenRun = 2150,

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
    AdapterIsNumpyArchive = 3046,
    TrainedWithoutScale = 3047,
    TrainedTokensScaleAssumed = 3048,
    TooManyPatterns = 3050,
    TooManyExperts = 3051,
    ScalingNotFinite = 3052,
    AdapterTensorShapeInvalid = 3060,
    KroneckerScaleAmbiguous = 3070,
    AdapterIndexInvalid = 3071,
    OftSeriesAssumed = 3080,

    // 3090-3099: adapters whose files say less, or something else, than what was trained.
    DoraAssumed = 3090,
    MagnitudesContradicted = 3091,
    MagnitudesNotExported = 3092,
    AdapterTensorEmpty = 3093,
    TinkerHeadTied = 3094,

    // 3100-3109: what lies beside an adapter.
    NewTokensBeside = 3100,
    AdapterShardMissing = 3101,
    AdapterChangesNothing = 3102,

    // 3110-3119: kinds whose files leave out what they computed of the base.
    ChangedPlacesAssumed = 3110,
    SharedDirectionsNotSaved = 3111,
    SingularVectorSignsAssumed = 3112,
    AdapterInTwoForms = 3113,

    // 3120-3129: kinds whose releases meant other things by the same file.
    BoftConvolutionAssumed = 3120,

    // 3130-3139: GGUF files as adapters.
    GgufAdapterOfOtherArchitecture = 3130,
    GgufAdapterUnplaced = 3131,
    GgufAdapterTensorUndoable = 3132,
    GgufAdapterKeyMissing = 3133,
    GgufAdapterOfOtherType = 3134,
    GgufIsNoAdapter = 3135,

    // 3140-3169: what a file shows of the training that it does not say.
    ExpertLayoutAssumed = 3140,
    ExpertLayoutContradicted = 3141,
    TrainedOnReducedBase = 3142,
    TrainedOnOtherVariant = 3143,
    InitialisationUnknown = 3144,
    TargetParametersMissing = 3145,
    TrainedOnAdapter = 3146,
    TiedEndsDiffer = 3150,
    AlphaIsZero = 3160,
    RowsSortedByTorchtune = 3161,
    SavedToGoOn = 3162,
    TargetParametersAssumed = 3163,
    HalvesPutInTurns = 3164,

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
    HeadlessBaseCannotPart = 4026,
    ExpertPlaceUnknown = 4027,

    // 4030-4039: combinations.
    CombinationRanksDiffer = 4030,
    CombinationNeedsPlainLora = 4031,
    CombinationDensityMissing = 4032,
    CombinationOptionUnused = 4033,

    // 4050-4054: kinds that draw or share by the sizes and the order of all modules.
    ModuleOrderUnknown = 4050,
    ModuleSizesUnknown = 4051,
    ProjectionDrawAssumed = 4052,

    // 4060-4069: where modules lie.
    ModulePlaceAmbiguous = 4060,
    RowsNotInOrder = 4061,
    SavedPlaceAmbiguous = 4062,
    TensorIsNew = 4063,
    AdapterIsInBase = 4064,

    // 4070-4079: embedding and head.
    TiedCopiesDiffer = 4070,

    // 4080-4089: what lies beside the weights.
    ChatTemplatesDiffer = 4080,
    TokenizerBeyondVocabulary = 4081,
    TrainedBesideUnplaced = 4082,
    TokenizerClassNew = 4083,
    ChatTemplateNameUnsayable = 4084,
    EndOfTextUnsaid = 4085,

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
    RowTooLong = 5030,
    TooManyElementsToCombine = 5031,
    ShardImpossible = 5032,
    DiskFlushFailed = 5020,
    FileFault = 5021,
    QuantizationUnknown = 5040,
    ValueNotInGgufType = 5041,
    ReportOfOtherModel = 5050,
    NoManifestToReport = 5051,

    // 6050-6099: the store. (LORA6001 to LORA6049 belong to the MSBuild task.)
    ManifestInvalid = 6050,
    NotAStore = 6051,
    EntryHoldsForeignFile = 6052,

    // 7060-7069: pins of local files. (LORA7001 to LORA7059 belong to the hub.)
    PinnedFileDiffers = 7060,
    PinnedFileMissing = 7061,
    WeightsNotPinned = 7062,
    InputNotFetched = 7063,
}
