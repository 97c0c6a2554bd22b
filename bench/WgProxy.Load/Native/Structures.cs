namespace WgProxy.Load.Native;

// The layouts of 64-bit Linux; every field has its natural alignment there.

internal unsafe struct IoVec
{
    public byte* Base;
    public nuint Length;
}

internal unsafe struct MsgHdr
{
    public byte* Name;
    public uint NameLength;
    public IoVec* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

internal struct MMsgHdr
{
    public MsgHdr Header;
    public uint Length;
}

internal struct CMsgHdr
{
    public nuint Length;
    public int Level;
    public int Type;
}

internal struct TimeSpec
{
    public nint Seconds;
    public nint Nanoseconds;
}
