using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace WgProxy.Fleet;

/// <summary>How the store is connected to.</summary>
internal static class StoreConnection
{
    private const int MostOfWords = 200;

    private static readonly TimeSpan Connecting = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Answering = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Roles = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AgainAtMost = TimeSpan.FromSeconds(5);

    /// <summary>The options of a connection. A store that is not there refuses each question at once and is tried again in the background; nothing waits in a queue for it.</summary>
    /// <param name="settings">What the section says.</param>
    /// <param name="password">The password; null for none.</param>
    /// <param name="authority">The certificate that vouches for the store's; null for those that the system trusts.</param>
    public static ConfigurationOptions OptionsOf(FleetSettings settings, string? password, X509Certificate2? authority)
    {
        ConfigurationOptions options = settings.Store.ToOptions();
        options.ClientName = "wgproxy";
        options.Password = password;
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = (int)Connecting.TotalMilliseconds;
        options.SyncTimeout = options.AsyncTimeout = (int)Answering.TotalMilliseconds;
        options.ReconnectRetryPolicy = new ExponentialRetry((int)Again.TotalMilliseconds, (int)AgainAtMost.TotalMilliseconds);
        options.ConfigCheckSeconds = (int)Roles.TotalSeconds;
        options.IncludeDetailInExceptions = false;

        // One connection for questions and for what is published. By default (3.4.35) the second one opens later, and a first SUBSCRIBE fails.
        options.Protocol = RedisProtocol.Resp3;

        // The client would read a key, and listen to a channel, of its own.
        options.TieBreaker = string.Empty;
        options.ConfigurationChannel = string.Empty;
        if (authority is not null)
        {
            options.TrustIssuer(authority);
        }

        return options;
    }

    /// <summary>What an exception says, in one line of limited length. It holds no password: none is in the address, and the client's details are off.</summary>
    public static string WordsOf(Exception refusal)
    {
        Exception told = refusal is RedisConnectionException { InnerException: { } inner } && inner is not AggregateException ? inner : refusal;
        string words = (told.Message.Length > 0 ? told.Message : told.GetType().Name).ReplaceLineEndings(" ");
        return words.Length <= MostOfWords ? words : words[..MostOfWords];
    }
}
