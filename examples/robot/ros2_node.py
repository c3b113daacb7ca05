#!/usr/bin/env python3
"""Drives a robot with ROS 2 by `imprint agent`: images in, wheel commands out.

    python3 ros2_node.py --name mybot --model model.safetensors --robot mybot.yaml

docs/how-to/on-the-robot.md tells the steps. The robot stops without images, and at the end.
"""

import sys

import rclpy
from duckietown_msgs.msg import WheelsCmdStamped
from rclpy.qos import qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import CompressedImage
from wheel_driver import WheelDriver, driver_settings, end_on_signals, parse_options, start_agent


def main(arguments=None):
    arguments = sys.argv if arguments is None else ["ros2_node.py", *arguments]
    options = parse_options("drives a robot with ROS 2", remove_ros_args(arguments)[1:])
    agent = start_agent(options)
    # ROS's own handlers would end the context before the robot is stopped
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("imprint_agent")
    log = node.get_logger().info
    publisher = node.create_publisher(WheelsCmdStamped, options.wheels, 1)

    def publish(left, right):
        message = WheelsCmdStamped()
        message.header.stamp = node.get_clock().now().to_msg()
        message.vel_left, message.vel_right = left, right
        publisher.publish(message)

    driver = WheelDriver(agent, publish, **driver_settings(options, log))
    end_on_signals(driver)
    node.create_subscription(
        CompressedImage,
        options.camera,
        lambda message: driver.on_image(bytes(message.data)),
        qos_profile_sensor_data,
    )
    log(f"{options.camera} -> {options.wheels}")
    try:
        driver.start()
        while rclpy.ok() and not driver.ended:
            rclpy.spin_once(node, timeout_sec=0.1)
    finally:
        driver.close()
        agent.close()
        node.destroy_node()
        rclpy.shutdown()
    return 0 if driver.failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
