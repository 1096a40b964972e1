using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 2: the variables, and which goes first.</summary>
public sealed class EnvironmentTests
{
    private static readonly string s_home = OperatingSystem.IsWindows() ? @"C:\home\me" : "/home/me";

    [Theory]
    [InlineData("", ".cache/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=~/xdg", "xdg/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=~/xdg|HF_HOME=~/hf home", "hf home/hub")]
    [InlineData("HF_HOME=~", "hub")]
    [InlineData("HF_HOME=$HOME/hf", "hf/hub")]
    [InlineData("HF_HOME=${HOME}/$UNSET", "$UNSET/hub")]
    [InlineData("HF_HOME=~/hf|HUGGINGFACE_HUB_CACHE=~/old", "old")]
    [InlineData("HF_HOME=~/hf|HUGGINGFACE_HUB_CACHE=~/old|HF_HUB_CACHE=~/new", "new")]
    [InlineData("HF_HUB_CACHE=|HUGGINGFACE_HUB_CACHE=~/old", "old")]
    public void The_cache_lies_where_python_has_it(string variables, string cache) =>
        Assert.Equal(Path.GetFullPath(Path.Combine(s_home, cache)), Read(variables).CacheFolder);

    [Theory]
    [InlineData("", false)]
    [InlineData("HF_HUB_OFFLINE=1", true)]
    [InlineData("HF_HUB_OFFLINE=yes", true)]
    [InlineData("HF_HUB_OFFLINE=On", true)]
    [InlineData("HF_HUB_OFFLINE=true", true)]
    [InlineData("HF_HUB_OFFLINE=2", false)]
    [InlineData("TRANSFORMERS_OFFLINE=1", true)]
    [InlineData("HF_HUB_OFFLINE=0|TRANSFORMERS_OFFLINE=1", false)]
    [InlineData("HF_HUB_OFFLINE=|TRANSFORMERS_OFFLINE=1", true)]
    public void The_first_that_is_not_empty_decides_whether_requests_are_allowed(string variables, bool isOffline) =>
        Assert.Equal(isOffline, Read(variables).IsOffline);

    [Theory]
    [InlineData("", "https://huggingface.co")]
    [InlineData("HF_ENDPOINT=https://mirror.example//", "https://mirror.example")]
    [InlineData("HF_ENDPOINT=http://127.0.0.1:8080/hub/", "http://127.0.0.1:8080/hub")]
    public void The_endpoint_may_have_a_path_and_slashes_at_its_end(string variables, string endpoint) =>
        Assert.Equal(new Uri(endpoint), Read(variables).Endpoint);

    [Theory]
    [InlineData("HF_ENDPOINT=mirror.example")]
    [InlineData("HF_ENDPOINT=ftp://mirror.example")]
    [InlineData("HF_ENDPOINT=https://mirror.example?x=1")]
    [InlineData("HF_ENDPOINT=https://user:hf_secret@mirror.example")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT=soon")]
    [InlineData("HF_HUB_ETAG_TIMEOUT=0")]
    public void A_value_that_makes_no_sense_is_said(string variables)
    {
        HubException fault = Assert.Throws<HubException>(() => Read(variables));

        Assert.Equal(HubCode.EnvironmentInvalid, fault.Code);
        Assert.DoesNotContain("hf_secret", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HF_TOKEN= hf_a\n|HUGGING_FACE_HUB_TOKEN=hf_b", "hf_a")]
    [InlineData("HF_TOKEN=|HUGGING_FACE_HUB_TOKEN=hf_b", "hf_b")]
    [InlineData("HF_TOKEN= |HUGGING_FACE_HUB_TOKEN=hf_b", "hf_b")]
    [InlineData("HF_TOKEN=hf_a|HF_HUB_DISABLE_IMPLICIT_TOKEN=1", null)]
    [InlineData("", null)]
    public void The_token_is_cut_and_the_first_that_is_there_goes_first(string variables, string? token) => Assert.Equal(token, Read(variables).ReadToken());

    [Fact]
    public void A_token_file_is_read_last()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "\r\n hf_file \r\n");
        try
        {
            Assert.Equal("hf_file", Read($"HF_TOKEN_PATH={file}").ReadToken());
            Assert.Equal("hf_a", Read($"HF_TOKEN_PATH={file}|HF_TOKEN=hf_a").ReadToken());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_token_that_would_break_the_header_is_refused_unseen()
    {
        HubException fault = Assert.Throws<HubException>(() => Read("HF_TOKEN=hf_a\r\nX-Evil: 1").ReadToken());

        Assert.DoesNotContain("hf_a", fault.Message, StringComparison.Ordinal);
    }

    private static HubEnvironment Read(string variables)
    {
        var set = variables.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        set[OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME"] = s_home;
        set["HOME"] = s_home;
        return HubEnvironment.Read(set.GetValueOrDefault);
    }
}
