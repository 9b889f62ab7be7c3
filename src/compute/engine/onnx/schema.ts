import protobuf from 'protobufjs'

/**
 * The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that a graph of dense tensors needs.
 * Field numbers are the format.
 */
const source = `
syntax = "proto3";
message AttributeProto {
  string name = 1;
  float f = 2;
  int64 i = 3;
  bytes s = 4;
  TensorProto t = 5;
  repeated float floats = 7 [packed = false];
  repeated int64 ints = 8 [packed = false];
  int32 type = 20;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated AttributeProto attribute = 5;
  string domain = 7;
}
message TensorProto {
  repeated int64 dims = 1;
  int32 data_type = 2;
  string name = 8;
  bytes raw_data = 9;
}
message DimensionProto { int64 dim_value = 1; string dim_param = 2; }
message TensorShapeProto { repeated DimensionProto dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto {
  repeated NodeProto node = 1;
  string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message StringStringEntryProto { string key = 1; string value = 2; }
message ModelProto {
  int64 ir_version = 1;
  string producer_name = 2;
  string producer_version = 3;
  GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14;
}
`

export const modelType = (): protobuf.Type => protobuf.parse(source, { keepCase: true }).root.lookupType('ModelProto')

/** AttributeProto.AttributeType */
export const attributeType = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const

/** TensorProto.DataType */
export const elementType = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const
