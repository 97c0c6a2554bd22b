using WgProxy.Fuzz.Afl;
using Xunit.Runner.InProc.SystemConsole;

// As AFL++ starts it, one target; else the tests.
return args is ["--afl", string target] ? AflTarget.Run(target) : await ConsoleRunner.Run(args);
