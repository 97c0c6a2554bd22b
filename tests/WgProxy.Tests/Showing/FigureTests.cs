using WgProxy.Showing;

namespace WgProxy.Tests.Showing;

public sealed class FigureTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1_023, "1023 B")]
    [InlineData(1_024, "1.00 KiB")]
    [InlineData(1_258_291, "1.20 MiB")]
    [InlineData(long.MaxValue, "8192.00 PiB")]
    public void Bytes_are_written_as_wg_writes_them(long bytes, string text) => Assert.Equal(text, Figure.Bytes(bytes));

    [Theory]
    [InlineData(0, "0 bit/s")]
    [InlineData(124, "992 bit/s")]
    [InlineData(125, "1.00 kbit/s")]
    [InlineData(1_250_000, "10.00 Mbit/s")]
    public void Rates_count_bits(double bytes, string text) => Assert.Equal(text, Figure.Rate(bytes));

    [Theory]
    [InlineData(0.4, "0 seconds")]
    [InlineData(1, "1 second")]
    [InlineData(64, "1 minute, 4 seconds")]
    [InlineData(3_600, "1 hour")]
    [InlineData(3_601, "1 hour")]
    [InlineData(93_784, "1 day, 2 hours")]
    public void Times_have_the_two_largest_units(double seconds, string text) => Assert.Equal(text, Figure.Span(seconds));

    [Theory]
    [InlineData(null, "never")]
    [InlineData(0.9, "now")]
    [InlineData(4.2, "4 seconds ago")]
    public void Ages_are_told_in_words(double? seconds, string text) => Assert.Equal(text, Figure.Ago(seconds));
}
