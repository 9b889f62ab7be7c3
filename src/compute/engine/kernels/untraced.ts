const shape = 'the shape of its result depends on values, and shapes are fixed when a model is traced'
const strings = 'works on strings'
const complex = 'works on complex numbers'
const host = 'reads or writes what only a browser has'
const unused = 'no operation of tfjs runs it: what it names is written with other kernels'
const unwritten = 'could be traced, but has no rule yet'

/** Kernels of tfjs without a rule, and why they have none. */
export const untracedKernels: Readonly<Record<string, string>> = {
  BroadcastArgs: 'its result is a shape',
  BroadcastTo: unused,
  Complex: complex,
  ComplexAbs: complex,
  CropAndResize: unwritten,
  Dilation2D: unwritten,
  Dilation2DBackpropFilter: unwritten,
  Dilation2DBackpropInput: unwritten,
  Draw: host,
  FFT: complex,
  FromPixels: host,
  IFFT: complex,
  Imag: complex,
  LogicalXor: unused,
  LogSoftmax: unused,
  LowerBound: unused,
  MatrixBandPart: unused,
  MaxPoolWithArgmax: unwritten,
  Multinomial: 'draws random values from a distribution that is a value; of random operations, tf.dropout is traced',
  NonMaxSuppressionV3: shape,
  NonMaxSuppressionV4: shape,
  NonMaxSuppressionV5: shape,
  Pool: unused,
  RaggedGather: shape,
  RaggedRange: shape,
  RaggedTensorToTensor: shape,
  Real: complex,
  RotateWithOffset: unwritten,
  SparseFillEmptyRows: shape,
  SparseReshape: 'its result is a shape',
  SparseSegmentMean: shape,
  SparseSegmentSum: shape,
  StaticRegexReplace: strings,
  StringNGrams: strings,
  StringSplit: strings,
  StringToHashBucketFast: strings,
  Transform: unwritten,
  Unique: shape,
  UpperBound: unused,
}
