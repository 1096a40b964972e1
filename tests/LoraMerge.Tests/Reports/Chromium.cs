using LoraMerge.Tests.Reports;
using PuppeteerSharp;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace LoraMerge.Tests.Reports;

/// <summary>The Chromium of this machine, started when the first test asks for it.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "chrome.exe"];

    private readonly SemaphoreSlim _turn = new(1);
    private IBrowser? _browser;

    /// <summary>Skips the test where there is none.</summary>
    internal async Task<ChromiumPage> OpenAsync(string html, int width = 1280, bool isDark = false, bool hasScript = true)
    {
        string? program = Environment.GetEnvironmentVariable("LORAMERGE_CHROMIUM") ?? Find();
        Assert.SkipWhen(program is null, "There is no Chromium on the PATH; LORAMERGE_CHROMIUM can name one.");
        await _turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            // As root, which containers often have for their user, Chromium runs without its sandbox only.
            _browser ??= await Puppeteer.LaunchAsync(new LaunchOptions { ExecutablePath = program, Headless = true, Args = ["--no-sandbox", "--disable-gpu"] });
        }
        finally
        {
            _turn.Release();
        }
        return await ChromiumPage.OpenAsync(_browser, html, width, isDark, hasScript);
    }

    public async ValueTask DisposeAsync()
    {
        _turn.Dispose();
        if (_browser is not null)
            await _browser.DisposeAsync();
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => s_names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
