using System.Collections.Concurrent;
using PuppeteerSharp;

namespace LoraMerge.Tests.Reports;

/// <summary>A page that is open in Chromium, from a file, with all that went wrong in it.</summary>
internal sealed class ChromiumPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly TestFolder _folder = new();

    private ChromiumPage(IPage page)
    {
        Page = page;
        page.Console += (_, said) =>
        {
            if (said.Message.Type is ConsoleType.Error or ConsoleType.Warning)
                _faults.Enqueue(said.Message.Text);
        };
        page.PageError += (_, fault) => _faults.Enqueue(fault.Message);
        page.Dialog += async (_, opened) =>
        {
            _faults.Enqueue($"a dialog: {opened.Dialog.Message}");
            await opened.Dialog.Dismiss();
        };
        page.Request += (_, asked) =>
        {
            if (!asked.Request.Url.StartsWith("file://", StringComparison.Ordinal))
                _faults.Enqueue($"asks for {asked.Request.Url}");
        };
    }

    public IPage Page { get; }

    public static async Task<ChromiumPage> OpenAsync(IBrowser browser, string html, int width, bool isDark, bool hasScript)
    {
        var opened = new ChromiumPage(await browser.NewPageAsync());
        string file = opened._folder["page.html"];
        await File.WriteAllTextAsync(file, html, TestContext.Current.CancellationToken);
        await opened.Page.SetJavaScriptEnabledAsync(hasScript);
        await opened.Page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 900 });
        await opened.Page.EmulateMediaFeaturesAsync([
            new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = isDark ? "dark" : "light" },
        ]);
        await opened.Page.GoToAsync(new Uri(file).AbsoluteUri);
        return opened;
    }

    public Task<T> EvaluateAsync<T>(string script) => Page.EvaluateExpressionAsync<T>(script);

    public async Task PressAsync(params string[] keys)
    {
        foreach (string key in keys)
            await Page.Keyboard.PressAsync(key);
    }

    /// <summary>Keeps a picture where the developer asks for them.</summary>
    public async Task PictureAsync(string name, bool isWhole = false)
    {
        if (Environment.GetEnvironmentVariable("LORAMERGE_TEST_PICTURES") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(Path.Combine(folder, name + ".png"), new ScreenshotOptions { FullPage = isWhole });
    }

    /// <summary>Nothing was written to the console, asked for elsewhere or opened; the page is no wider than the window.</summary>
    public async Task AssertSoundAsync()
    {
        int beyond = await EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
        string wide = await EvaluateAsync<string>(
            "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest('.wide'))"
                + ".map(e => e.outerHTML.slice(0, 120)).slice(0, 5).join('\\n')");
        Assert.True(beyond <= 0, $"The page is {beyond} pixels too wide, by {wide}.");
        Assert.Empty(_faults);
        _folder.Passed();
    }

    public async ValueTask DisposeAsync()
    {
        await Page.CloseAsync();
        _folder.Dispose();
    }
}
