namespace WgProxy.Linux;
