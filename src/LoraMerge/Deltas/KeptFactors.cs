namespace LoraMerge.Deltas;

/// <summary>
/// What several tensors' changes are made from and is dear to make, such as the projections that all layers share: made once, and kept while tensor after
/// tensor needs it.
/// </summary>
internal sealed class KeptFactors : IDisposable
{
    private readonly List<(object Key, IDisposable Value)> _kept = [];

    /// <summary>What was made for an equal key, or what is made now.</summary>
    /// <typeparam name="T">A tensor, or what holds some; in no dispose scope. It stays this object's.</typeparam>
    /// <param name="key">A record of all that decides the value. Keys of one type have room for some values, of which the oldest goes.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="room">How many values of keys of this type are kept at most.</param>
    public T Of<T>(object key, Func<T> make, int room)
        where T : IDisposable
    {
        int index = _kept.FindIndex(kept => kept.Key.Equals(key));
        if (index >= 0)
            return (T)_kept[index].Value;
        int[] alike = [.. Enumerable.Range(0, _kept.Count).Where(i => _kept[i].Key.GetType() == key.GetType())];
        T value = make();
        if (alike.Length >= room)
        {
            _kept[alike[0]].Value.Dispose();
            _kept.RemoveAt(alike[0]);
        }
        _kept.Add((key, value));
        return value;
    }

    public void Dispose()
    {
        foreach ((_, IDisposable value) in _kept)
            value.Dispose();
    }
}
