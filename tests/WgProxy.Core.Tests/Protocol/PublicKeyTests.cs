using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class PublicKeyTests
{
    private const string Text = "fkkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3A=";
    private const string Expected = "expected 32 bytes in base64 (44 characters, as `wg pubkey` prints), got ";

    [Fact]
    public void Prints_what_it_read()
    {
        Random random = new(3);
        for (int i = 0; i < 1_000; i++)
        {
            byte[] bytes = Blake2sTests.Bytes(random, 32);
            PublicKey key = Parse(Convert.ToBase64String(bytes));
            Assert.Equal(bytes, key.Bytes);
            Assert.Equal(Convert.ToBase64String(bytes), key.ToString());
        }
    }

    [Fact]
    public void Ignores_white_space_around_a_key() => Assert.Equal(Text, Parse($" \t{Text}\r\n").ToString());

    [Fact]
    public void Equals_by_value()
    {
        PublicKey key = Parse(Text);
        PublicKey other = Parse("g9vhV/9O0z2Sm5mYfaKPj9qXd9t2+JZOhoPYHr/Eaz4=");
        Assert.Equal(Parse(Text), key);
        Assert.True(key.Equals((object)Parse(Text)));
        Assert.Equal(Parse(Text).GetHashCode(), key.GetHashCode());
        Assert.NotEqual(other, key);
        Assert.False(key.Equals(null));
        Assert.False(key.Equals((object)Text));
    }

    [Fact]
    public void Accepts_of_the_64_last_digits_only_the_16_canonical_ones()
    {
        const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (int i = 0; i < Digits.Length; i++)
        {
            string text = $"{Text[..42]}{Digits[i]}=";
            Assert.Equal(i % 4 == 0, PublicKey.TryParse(text, out PublicKey? key, out _));
            Assert.Equal(i % 4 == 0 ? text : null, key?.ToString());
        }
    }

    [Theory]
    [InlineData("", "nothing")]
    [InlineData(" \n", "nothing")]
    [InlineData("=", "0 bytes")]
    [InlineData("AA==", "1 byte")]
    [InlineData("A", "1 characters, which is no whole number of bytes")]
    [InlineData("fkkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSOw==", "31 bytes")]
    [InlineData("fkkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3AA", "33 bytes")]
    [InlineData("fkkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3A", "43 characters: the 44th must be the only '='")]
    [InlineData(Text + "=", "45 characters: the 44th must be the only '='")]
    [InlineData(
        "fkkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3B=", "'B' before the '=' where only 'A' would end those 32 bytes")]
    [InlineData("fkkrvy6n5xo0Zddw 3GCZEVz1VD/iGP4ynZCKyzFSO3A=", "a space at position 17")]
    [InlineData("fkkrvy6n5xo0Zddw\n3GCZEVz1VD/iGP4ynZCKyzFSO3A=", "the character U+000A at position 17")]
    [InlineData("fkkrvy6n5xo0Zddw3GCZEVz1VD_iGP4ynZCKyzFSO3A=", "the character '_' at position 27")]
    [InlineData("fkkr=y6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3A=", "a '=' at position 5")]
    [InlineData("ékkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3A=", "the character U+00E9 at position 1")]
    public void Says_what_it_expected_and_what_it_got(string text, string got)
    {
        Assert.False(PublicKey.TryParse(text, out PublicKey? key, out string? error));
        Assert.Null(key);
        Assert.Equal(Expected + got, error);
        Assert.Equal(error, Assert.Throws<FormatException>(() => PublicKey.Parse(text)).Message);
    }

    [Fact]
    public void Rejects_the_zero_key_and_says_why()
    {
        Assert.False(PublicKey.TryParse(Convert.ToBase64String(new byte[32]), out _, out string? error));
        Assert.Equal(
            "expected a public key, got 32 zero bytes: a point of low order, with which no handshake succeeds", error);
    }

    private static PublicKey Parse(string text)
    {
        Assert.True(PublicKey.TryParse(text, out PublicKey? key, out string? error), error);
        return key;
    }
}
