namespace WgProxy.Logging;

/// <summary>One problem that may exist. It is said once until it is over, and at most once in ten minutes.</summary>
internal sealed class Complaint(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private long? _said;
    private int _looks;
    private bool _isWrong;

    /// <summary>Whether it has been logged and is not over yet.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Takes the result of one look. True if the problem is to be logged now.</summary>
    public bool Note(bool isWrong, int looks)
    {
        _isWrong = isWrong;
        _looks = isWrong ? _looks + 1 : 0;
        if (IsOpen || _looks < looks || (_said is long said && time.GetElapsedTime(said) < Pause))
        {
            return false;
        }

        _said = time.GetTimestamp();
        return IsOpen = true;
    }

    /// <summary>Whether the logged problem is over. True once.</summary>
    public bool IsOver()
    {
        bool isOver = IsOpen && !_isWrong;
        IsOpen &= _isWrong;
        return isOver;
    }
}
