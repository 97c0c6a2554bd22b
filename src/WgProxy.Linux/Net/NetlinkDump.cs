using System.Runtime.InteropServices;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Asks the kernel for everything that it has of one kind (netlink(7), NLM_F_DUMP).</summary>
internal static unsafe class NetlinkDump
{
    // The kernel fills 32 KiB at once at most (NLMSG_GOODSIZE).
    private const int Answer = 65_536;

    // A set of the firewall may have a million elements. What is longer is not read.
    private const int MostBytes = 16 << 20;
    private const int Attempts = 3;

    /// <summary>The messages, each without its header; null if the kernel refused.</summary>
    /// <param name="protocol">The netlink protocol.</param>
    /// <param name="kind">The kind of message that asks.</param>
    /// <param name="question">What stands behind the header.</param>
    /// <param name="error">The error's number; 0 if there was none.</param>
    public static List<byte[]>? Ask(int protocol, int kind, ReadOnlySpan<byte> question, out int error)
    {
        int descriptor = Libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        if (descriptor < 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        try
        {
            // What changed while it was told is told anew. Of what changes all the time, the last answer counts.
            List<byte[]>? messages = [];
            bool isWhole = false;
            error = 0;
            for (int i = 0; i < Attempts && !isWhole && error == 0; i++)
            {
                messages = [];
                error = Send(descriptor, kind, question);
                error = error == 0 ? Receive(descriptor, messages, out isWhole) : error;
            }

            return error == 0 ? messages : null;
        }
        finally
        {
            _ = Libc.close(descriptor);
        }
    }

    private static int Send(int descriptor, int kind, ReadOnlySpan<byte> question)
    {
        byte[] message = new byte[sizeof(nlmsghdr) + question.Length];
        nlmsghdr header = new() { nlmsg_len = (uint)message.Length, nlmsg_type = (ushort)kind, nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP };
        MemoryMarshal.Write(message, header);
        question.CopyTo(message.AsSpan(sizeof(nlmsghdr)));
        sockaddr_nl kernel = new() { nl_family = AF_NETLINK };
        fixed (byte* bytes = message)
        {
            return Libc.connect(descriptor, &kernel, (uint)sizeof(sockaddr_nl)) < 0 || Libc.write(descriptor, bytes, (nuint)message.Length) < 0
                ? Marshal.GetLastPInvokeError()
                : 0;
        }
    }

    private static int Receive(int descriptor, List<byte[]> messages, out bool isWhole)
    {
        byte[] buffer = new byte[Answer];
        int total = 0;
        isWhole = true;
        while (true)
        {
            nint length;
            fixed (byte* bytes = buffer)
            {
                length = Libc.read(descriptor, bytes, Answer);
            }

            int error = length < 0 ? Marshal.GetLastPInvokeError() : 0;
            total += (int)Math.Max(length, 0);
            if (error == EINTR)
            {
                continue;
            }

            if (error != 0 || length == 0 || total > MostBytes)
            {
                return error != 0 ? error : EMSGSIZE;
            }

            if (Take(buffer.AsSpan(0, (int)length), messages, ref isWhole, out error))
            {
                return error;
            }
        }
    }

    /// <summary>Takes the messages of one read. True after the last.</summary>
    private static bool Take(ReadOnlySpan<byte> bytes, List<byte[]> messages, ref bool isWhole, out int error)
    {
        error = 0;
        while (bytes.Length >= sizeof(nlmsghdr))
        {
            nlmsghdr header = MemoryMarshal.Read<nlmsghdr>(bytes);
            int length = (int)header.nlmsg_len;
            if (length < sizeof(nlmsghdr) || length > bytes.Length)
            {
                break;
            }

            ReadOnlySpan<byte> body = bytes[sizeof(nlmsghdr)..length];
            isWhole &= (header.nlmsg_flags & NLM_F_DUMP_INTR) == 0;
            if (header.nlmsg_type is NLMSG_DONE or NLMSG_ERROR)
            {
                // Both begin with an error's number, negative; 0 is none.
                error = body.Length >= sizeof(int) ? -MemoryMarshal.Read<int>(body) : 0;
                return true;
            }

            messages.Add(body.ToArray());
            bytes = bytes[Math.Min(bytes.Length, (length + 3) & ~3)..];
        }

        return false;
    }
}
