using System.Runtime.CompilerServices;

// The structs of Native are what the kernel reads: nothing is to be marshalled.
[assembly: DisableRuntimeMarshalling]
