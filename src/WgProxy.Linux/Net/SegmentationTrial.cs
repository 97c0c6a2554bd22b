using System.Diagnostics;
using System.Net;
using WgProxy.Core.Engine.Batching;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>What became of joined datagrams on loopback.</summary>
/// <param name="Refusal">Why the kernel did not take them, in its words; null if it did.</param>
/// <param name="Joined">Whether they arrived as a run (GRO).</param>
/// <param name="Intact">Whether they arrived as they were sent.</param>
internal sealed record SegmentationAnswer(string? Refusal, bool Joined, bool Intact);

/// <summary>Sends joined datagrams to itself over loopback, and compares what arrives (UDP_SEGMENT and UDP_GRO).</summary>
internal static unsafe class SegmentationTrial
{
    private const int Datagrams = 9;
    private const int Stride = 1_200;
    private const int Last = 700;
    private const int Bytes = ((Datagrams - 1) * Stride) + Last;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Tries it; null if this host has no loopback to try it on, or a firewall that lets nothing pass it.</summary>
    public static SegmentationAnswer? Run()
    {
        using UdpSocket? receiver = UdpSocket.Open(isIPv4: true, out _);
        using UdpSocket? sender = UdpSocket.Open(isIPv4: true, out _);
        if (receiver is null || sender is null || receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0)) != 0
            || sender.Connect(receiver.LocalEndPoint) != 0)
        {
            return null;
        }

        bool joins = receiver.Udp.TryCoalesce();
        byte[] sent = new byte[Bytes];
        for (int i = 0; i < sent.Length; i++)
        {
            // No datagram is like another: the period is prime, and no part of the stride.
            sent[i] = (byte)(i % 251);
        }

        fixed (byte* bytes = sent)
        {
            using SendBatch batch = new();
            batch.Begin(0);
            batch.Append((nint)bytes, Bytes);
            batch.Seal(new Train(0, Bytes, Stride, Datagrams, 0), isIPv4: true, []);
            if (batch.Send(sender.Descriptor, 0, 1, out int error) == 0)
            {
                // With EPERM an output chain answers.
                return error == EPERM ? null : new SegmentationAnswer(Refusal.Words(error), Joined: false, Intact: true);
            }
        }

        return Receive(receiver, sent, joins);
    }

    private static SegmentationAnswer? Receive(UdpSocket receiver, byte[] sent, bool joins)
    {
        using ReceiveBatch batch = new(capacity: Datagrams);
        bool joined = false;
        bool intact = true;
        int arrived = 0;
        long begun = Stopwatch.GetTimestamp();
        while (arrived < Bytes && intact && Stopwatch.GetElapsedTime(begun) < Patience)
        {
            _ = batch.Receive(receiver.Descriptor, Datagrams, out _);
            for (int entry = 0; entry < batch.Count && intact; entry++)
            {
                ReadOnlySpan<byte> bytes = batch.BytesOf(entry);
                int stride = batch.ControlOf(entry).Stride;
                bool isRun = bytes.Length > Stride;
                joined |= isRun;
                intact = arrived + bytes.Length <= Bytes && bytes.SequenceEqual(sent.AsSpan(arrived, bytes.Length))
                    && (isRun ? joins && stride == Stride : bytes.Length == Math.Min(Stride, Bytes - arrived));
                arrived += bytes.Length;
            }

            batch.Clear();
            Thread.Yield();
        }

        return arrived == 0 ? null : new SegmentationAnswer(null, joined, intact && arrived == Bytes);
    }
}
