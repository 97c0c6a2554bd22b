namespace WgProxy.Core.Vocabulary;

/// <summary>The first bits of an address, all others zero; IPv4 is kept whole, as v4-mapped IPv6.</summary>
internal readonly record struct Prefix(ulong High, ulong Low);
