/**
 * The numbers of the fields that hone writes of Perfetto's trace format, by message. Source: protos/perfetto/trace of
 * github.com/google/perfetto (trace_packet, track_event, track_descriptor, debug_annotation, interned_data, clock_snapshot).
 */
export const trace = { packet: 1 } as const;

export const tracePacket = {
  clockSnapshot: 6,
  timestamp: 8,
  trustedPacketSequenceId: 10,
  trackEvent: 11,
  internedData: 12,
  sequenceFlags: 13,
  trackDescriptor: 60,
  firstPacketOnSequence: 87,
} as const;

export const sequenceFlags = { incrementalStateCleared: 1, needsIncrementalState: 2 } as const;

export const clockSnapshot = { clocks: 1, clockId: 1, timestamp: 2 } as const;
export const clocks = { realtime: 1, boottime: 6 } as const;

export const trackDescriptor = {
  uuid: 1,
  name: 2,
  process: 3,
  thread: 4,
  parentUuid: 5,
  counter: 8,
} as const;
export const processDescriptor = { pid: 1, processName: 6 } as const;
export const threadDescriptor = { pid: 1, tid: 2, threadName: 5 } as const;

export const trackEvent = {
  debugAnnotations: 4,
  type: 9,
  nameIid: 10,
  trackUuid: 11,
  name: 23,
  counterValue: 30,
  doubleCounterValue: 44,
  flowIds: 47,
  terminatingFlowIds: 48,
} as const;

export const eventType = { sliceBegin: 1, sliceEnd: 2, instant: 3, counter: 4 } as const;

export const debugAnnotation = {
  nameIid: 1,
  boolValue: 2,
  uintValue: 3,
  intValue: 4,
  doubleValue: 5,
  stringValue: 6,
  pointerValue: 7,
  name: 10,
  dictEntries: 11,
  arrayValues: 12,
} as const;

export const internedData = { eventNames: 2, debugAnnotationNames: 3, iid: 1, name: 2 } as const;
