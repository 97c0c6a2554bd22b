using System.Runtime.InteropServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

/// <summary>OpenSSL's libcrypto as a second implementation. Loaded by hand, so that its absence can be told.</summary>
internal static class LibCrypto
{
    private const string Name = "libcrypto.so.3";

    private static readonly nint Library = NativeLibrary.TryLoad(Name, out nint library) ? library : 0;
    private static readonly QMac? OneMac = Find<QMac>("EVP_Q_mac");
    private static readonly QDigest? OneDigest = Find<QDigest>("EVP_Q_digest");

    private delegate nint QMac(
        nint context,
        byte[] name,
        nint properties,
        nint subAlgorithm,
        Parameter[] parameters,
        byte[] key,
        nuint keyLength,
        byte[] data,
        nuint dataLength,
        byte[] result,
        nuint resultSize,
        out nuint resultLength);

    private delegate int QDigest(
        nint context,
        byte[] name,
        nint properties,
        byte[] data,
        nuint dataLength,
        byte[] result,
        out nuint resultLength);

    /// <summary>Skips the test that asks, with the reason printed, where there is no libcrypto 3.</summary>
    public static void Require() =>
        Assert.SkipWhen(OneMac is null || OneDigest is null, $"{Name} cannot be loaded: nothing to compare with.");

    public static byte[] Blake2s(ReadOnlySpan<byte> data)
    {
        byte[] result = new byte[32];
        byte[] name = [.. "BLAKE2S-256\0"u8];
        int done = OneDigest!(0, name, 0, Pinnable(data), (nuint)data.Length, result, out nuint length);
        Assert.Equal((1, (nuint)result.Length), (done, length));
        return result;
    }

    public static byte[] Blake2sMac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, int size) =>
        Mac("BLAKE2SMAC\0"u8, key, data, size, [("size", (uint)size)]);

    public static byte[] SipHash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, uint compress, uint finalize) =>
        Mac("SIPHASH\0"u8, key, data, 8, [("size", 8u), ("c-rounds", compress), ("d-rounds", finalize)]);

    private static byte[] Mac(
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> data,
        int size,
        ReadOnlySpan<(string Key, uint Value)> settings)
    {
        byte[] result = new byte[size];
        Parameter[] parameters = new Parameter[settings.Length + 1];
        try
        {
            for (int i = 0; i < settings.Length; i++)
            {
                parameters[i] = Parameter.Of(settings[i].Key, settings[i].Value);
            }

            nint done = OneMac!(
                0,
                name.ToArray(),
                0,
                0,
                parameters,
                key.ToArray(),
                (nuint)key.Length,
                Pinnable(data),
                (nuint)data.Length,
                result,
                (nuint)size,
                out nuint length);
            Assert.NotEqual(0, done);
            Assert.Equal((nuint)size, length);
            return result;
        }
        finally
        {
            Array.ForEach(parameters, parameter => parameter.Free());
        }
    }

    // An address even for nothing: libcrypto refuses null.
    private static byte[] Pinnable(ReadOnlySpan<byte> data) => data.IsEmpty ? new byte[1] : data.ToArray();

    private static T? Find<T>(string function)
        where T : Delegate =>
        Library != 0 && NativeLibrary.TryGetExport(Library, function, out nint address)
            ? Marshal.GetDelegateForFunctionPointer<T>(address)
            : null;

    /// <summary>OSSL_PARAM; the default value ends a list.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Parameter
    {
        private const uint UnsignedInteger = 2;

        private readonly nint _key;
        private readonly uint _type;
        private readonly nint _data;
        private readonly nuint _dataSize;
        private readonly nuint _returnSize;

        private Parameter(string key, uint value)
        {
            _key = Marshal.StringToHGlobalAnsi(key);
            _type = UnsignedInteger;
            _data = Marshal.AllocHGlobal(sizeof(uint));
            _dataSize = sizeof(uint);
            _returnSize = nuint.MaxValue;
            Marshal.WriteInt32(_data, (int)value);
        }

        public static Parameter Of(string key, uint value) => new(key, value);

        public void Free()
        {
            Marshal.FreeHGlobal(_key);
            Marshal.FreeHGlobal(_data);
        }
    }
}
