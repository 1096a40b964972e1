namespace LoraMerge.Safetensors;

/// <summary>Which bytes of a tensor have been written. Neighbours grow together, so that a tensor written front to back is one range.</summary>
internal sealed class WrittenRanges
{
    private readonly List<(long Begin, long End)> _ranges = []; // ascending; they neither touch nor overlap

    /// <summary>The sum of all ranges, in bytes.</summary>
    public long ByteLength { get; private set; }

    /// <summary>Adds [begin, end). Returns false, and adds nothing, when a byte of it is there already.</summary>
    public bool TryAdd(long begin, long end)
    {
        if (begin == end)
            return true;

        int next = FirstBehind(begin);
        bool joinsPrevious = next > 0 && _ranges[next - 1].End == begin;
        bool joinsNext = next < _ranges.Count && _ranges[next].Begin == end;
        if ((next > 0 && _ranges[next - 1].End > begin) || (next < _ranges.Count && _ranges[next].Begin < end))
            return false;

        ByteLength += end - begin;
        if (joinsPrevious)
        {
            _ranges[next - 1] = (_ranges[next - 1].Begin, joinsNext ? _ranges[next].End : end);
            if (joinsNext)
                _ranges.RemoveAt(next);
        }
        else if (joinsNext)
        {
            _ranges[next] = (begin, _ranges[next].End);
        }
        else
        {
            _ranges.Insert(next, (begin, end));
        }

        return true;
    }

    /// <summary>The index of the first range that begins at or behind this byte.</summary>
    private int FirstBehind(long begin)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].Begin < begin)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
