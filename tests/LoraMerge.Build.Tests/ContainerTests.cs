using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace LoraMerge.Build.Tests;

/// <summary>A container image, on a base image that a registry in this process hands out.</summary>
public sealed class ContainerTests
{
    [Fact]
    public async Task A_container_image_holds_the_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        using var registry = new EmptyImageRegistry();

        BuildResult published = (
            await project.DotnetAsync([
                "publish",
                "-tl:off",
                "-t:PublishContainer",
                $"-p:ContainerBaseImage=localhost:{registry.Port}/base:1",
                "-p:ContainerArchiveOutputPath=image.tar",
            ])
        ).ThrowIfFailed();

        Assert.Equal(1, published.Merges);
        List<string> files = [];
        await using (FileStream image = File.OpenRead(project.PathOf("image.tar")))
            ReadImage(image, files);
        Assert.Contains("app/models/base/model.safetensors", files);
        Assert.Contains("app/models/base/config.json", files);
        Assert.DoesNotContain(files, file => file.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    private static void ReadImage(Stream image, List<string> files)
    {
        using var outer = new TarReader(image);
        while (outer.GetNextEntry(copyData: true) is { } blob)
        {
            // Its name says nothing of it, but it is compressed.
            if (!blob.Name.EndsWith("layer.tar", StringComparison.Ordinal))
                continue;
            using var layer = new TarReader(new GZipStream(blob.DataStream!, CompressionMode.Decompress));
            while (layer.GetNextEntry() is { } file)
                files.Add(file.Name.TrimStart('.', '/'));
        }
    }

    /// <summary>Answers for one image, which has one empty layer.</summary>
    private sealed class EmptyImageRegistry : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Dictionary<string, (string Type, byte[] Body)> _answers = [];

        public EmptyImageRegistry()
        {
            byte[] tar = new byte[1024];
            using var zipped = new MemoryStream();
            using (var zip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
                zip.Write(tar);
            string layer = AddBlob("application/octet-stream", zipped.ToArray());
            string architecture =
                System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
            byte[] config = Encoding.UTF8.GetBytes(
                $$"""{"architecture":"{{architecture}}","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["{{Digest(tar)}}"]},"history":[]}"""
            );
            string configDigest = AddBlob("application/octet-stream", config);
            const string Manifest = "application/vnd.docker.distribution.manifest.v2+json";
            byte[] manifest = Encoding.UTF8.GetBytes($$"""
                {"schemaVersion":2,"mediaType":"{{Manifest}}",
                "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{config.Length}},"digest":"{{configDigest}}"},
                "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{{zipped.Length}},"digest":"{{layer}}"}]}
                """);
            _answers["/v2/"] = ("application/json", "{}"u8.ToArray());
            _answers["/v2/base/manifests/1"] = (Manifest, manifest);
            _answers["/v2/base/manifests/" + Digest(manifest)] = (Manifest, manifest);
            using (var free = new TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Port = ((IPEndPoint)free.LocalEndpoint).Port;
            }
            _listener.Prefixes.Add($"http://localhost:{Port}/");
            _listener.Start();
            _ = AnswerAsync();
        }

        public int Port { get; }

        public void Dispose() => _listener.Close();

        private async Task AnswerAsync()
        {
            while (_listener.IsListening)
            {
                try
                {
                    HttpListenerContext context = await _listener.GetContextAsync();
                    if (_answers.TryGetValue(context.Request.Url!.AbsolutePath, out (string Type, byte[] Body) answer))
                    {
                        context.Response.ContentType = answer.Type;
                        context.Response.Headers["Docker-Content-Digest"] = Digest(answer.Body);
                        context.Response.ContentLength64 = answer.Body.Length;
                        if (context.Request.HttpMethod != "HEAD")
                            await context.Response.OutputStream.WriteAsync(answer.Body);
                    }
                    else
                    {
                        context.Response.StatusCode = 404;
                    }
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private string AddBlob(string type, byte[] body)
        {
            _answers["/v2/base/blobs/" + Digest(body)] = (type, body);
            return Digest(body);
        }

        private static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
