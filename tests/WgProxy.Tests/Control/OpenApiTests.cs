using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WgProxy.Tests.Control;

/// <summary>docs/openapi.json is what the program is: its table of resources, the members of its reports, and the answers of a running relay.
/// WGPROXY_WRITE_DOCS=1 writes it anew.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public void The_document_is_that_of_the_program()
    {
        if (Environment.GetEnvironmentVariable("WGPROXY_WRITE_DOCS") is "1")
        {
            File.WriteAllText(OpenApi.File, OpenApi.Build());
        }

        Assert.Equal(OpenApi.Build(), File.ReadAllText(OpenApi.File));
    }

    [Fact]
    public async Task Every_answer_of_a_running_relay_is_as_the_document_says()
    {
        string folder = Directory.CreateTempSubdirectory("wgproxy-openapi-").FullName;
        try
        {
            using Farm farm = new(2);
            string socket = Path.Combine(folder, "control.sock");
            string file = farm.Write();
            await File.AppendAllTextAsync(file, $"[Peer]\nName = alice\nPublicKey = {Keys.TextOf(70)}\n", TestContext.Current.CancellationToken);
            using RunningProgram program = new(null, "--config", file, "--control", socket);
            IPEndPoint relay = await program.ListeningAsync();
            await program.LineAsync(" info server s1 (");
            using ControlClient control = await ControlClient.WhenThereAsync(socket);
            using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
            _ = await farm.ShakeHandsAsync(client, relay, 1);
            await client.SendAsync("x"u8.ToArray(), relay, TestContext.Current.CancellationToken);
            _ = await control.EventuallyAsync("/v1/drops", drops => drops.GetProperty("drops").GetArrayLength() > 0);
            JsonElement document = JsonDocument.Parse(await File.ReadAllTextAsync(OpenApi.File, TestContext.Current.CancellationToken)).RootElement;
            int compared = 0;
            foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
            {
                foreach (JsonProperty operation in path.Value.EnumerateObject())
                {
                    JsonElement content = operation.Value.GetProperty("responses").GetProperty("200").GetProperty("content");
                    if (!content.TryGetProperty("application/json", out JsonElement json))
                    {
                        continue;
                    }

                    string? body = path.Name switch
                    {
                        "/v1/drop" => """{"client": "192.0.2.1"}""",
                        "/v1/log-level" => """{"level": 2}""",
                        _ => null,
                    };
                    JsonElement report = operation.Name is "get"
                        ? await control.GetAsync(path.Name)
                        : await control.OrderAsync(HttpMethod.Parse(operation.Name), path.Name, body ?? string.Empty, path.Name is "/v1/takeover" ? HttpStatusCode.Conflict : HttpStatusCode.OK);
                    OpenApi.AssertMatches(document, json.GetProperty("schema"), report, path.Name);
                    compared++;
                }
            }

            Assert.Equal(OpenApi.All.Count(resource => resource.Report is not null), compared);
            Assert.NotEmpty((await control.GetAsync("/v1/sessions")).GetProperty("sessions").EnumerateArray());
            Assert.NotEmpty((await control.GetAsync("/v1/peers")).GetProperty("peers").EnumerateArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
