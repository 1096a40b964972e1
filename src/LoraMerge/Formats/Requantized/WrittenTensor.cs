using LoraMerge.Planning;

namespace LoraMerge.Formats.Requantized;

/// <summary>A tensor of a weight file that stays quantised.</summary>
/// <param name="Tensor">As it lies in the file.</param>
/// <param name="From">The weight whose merged values it is a part of; null where it is written as it is computed or copied.</param>
internal sealed record WrittenTensor(PlannedTensor Tensor, PlannedTensor.Computed? From);
